"""`python -m minunet.gradcheck`: prove every gradient on this machine, and print the table."""

import argparse
import sys

import numpy as np

from minunet.backend import why_no_torch
from minunet.commands import at_least
from minunet.errors import InputError, exit_status
from minunet.gradcheck import check, reference
from minunet.gradcheck.cases import default_cases

COLUMNS = {"numeric": "numeric", "complex": "complex", "exact": "exact", "torch": "PyTorch", "kept": "kept"}


def main(arguments: list[str] | None = None) -> int:
    """Print a line for each input of each case; return 1 if one gradient is off, else 0; see `exit_status`."""
    parser = argparse.ArgumentParser(
        prog="python -m minunet.gradcheck",
        description="Check the gradient of every layer and of the whole U-Net, in float64, with random upstream "
        "gradients: against central differences, against the complex step where the layer is smooth, in rational "
        "numbers where it only multiplies, adds and chooses, against PyTorch where it is installed, and against what "
        "PyTorch said of seed 0 once, which is kept in tests/reference. Exit status 1 if one is off.",
    )
    parser.add_argument("case", nargs="*", help="only cases with such a word in their names: conv2d, max_pool2d, UNet")
    parser.add_argument("--seed", type=at_least(0), default=0, help="random seed of the inputs (default 0)")
    options = parser.parse_args(arguments)
    return exit_status(lambda: _check(options.case, options.seed))


def _check(words: list[str], seed: int) -> int:
    problem = why_no_torch()
    rng = np.random.default_rng(seed)
    every = list(default_cases(rng))
    if unknown := [word for word in words if not any(word in case.name for case in every)]:
        raise InputError(f"no case has {' or '.join(unknown)} in its name; without a word all are checked.")
    cases = [case for case in every if not words or any(word in case.name for word in words)]
    try:
        version, kept = reference.load()
        source = f"kept: what PyTorch {version} said of seed {reference.SEED}"
    except (OSError, ValueError) as error:
        kept, source = {}, f"What PyTorch said is not to be had ({error}): the column kept is empty"
    rows: list[check.Row] = []
    print("The error of each gradient, against five ways to know it; - where one does not apply.\n")
    print(f"{'input':<34}{'shape':<16}" + "".join(f"{name:>9}" for name in COLUMNS.values()))
    for case in cases:
        print(f"\n{case.name}")
        errors = kept[case.name].errors() if case.name in kept else {}
        for row in check.check(case, rng, with_torch=problem is None):
            row.errors["kept"] = errors.get(row.input)
            print(format_row(row))
            rows.append(row)

    wrong = [row for row in rows if row.ok is False]
    checked = sum(row.ok is not None for row in rows)
    largest = {name: [each for row in rows if (each := row.errors[kind]) is not None] for kind, name in COLUMNS.items()}
    print("\nThe largest: " + ", ".join(f"{name} {max(found):.1e}" for name, found in largest.items() if found) + ".")
    print(
        "Errors relative to the largest number; exact is the difference itself. Allowed: numeric "
        f"{check.NUMERIC_TOLERANCE:g}, complex step {check.COMPLEX_TOLERANCE:g}, exact 0, PyTorch "
        f"{check.TORCH_TOLERANCE:g} "
        f"(whole network {check.TORCH_NETWORK_TOLERANCE:g})."
    )
    print(f"{source}.")
    if problem:
        print(f"{problem}: its column is empty.")
    unchecked = f" (not checked without PyTorch: {len(rows) - checked})" if checked < len(rows) else ""
    print(f"{checked - len(wrong)} of {checked} gradients are right{unchecked}.")
    for row in wrong:
        print(f"WRONG: {row.case}: {row.input}")
    return 1 if wrong else 0


def format_row(row: check.Row) -> str:
    """One line of the table."""
    numbers = ("-" if error is None else f"{error:.1e}" if error else "0" for error in row.errors.values())
    verdict = {True: "ok", False: "WRONG", None: "not checked"}[row.ok]
    columns = "".join(f"{number:>9}" for number in numbers)
    return f"  {row.input:<32}{'x'.join(map(str, row.shape)):<16}{columns}  {verdict}"


if __name__ == "__main__":
    sys.exit(main())
