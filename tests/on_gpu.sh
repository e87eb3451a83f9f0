#!/usr/bin/env bash
# Everything that needs a GPU, in one command and at most ten minutes:
#
#   tests/on_gpu.sh OUT [PETS]
#
# runs the device tests, the benchmark beside PyTorch, a profile of one step, and trains: the made cells, and if PETS, the
# folder of the Oxford-IIIT Pet photographs, is given, `pets` and `seed` for 50 epochs. Logs, tables and runs go to OUT,
# which must not exist. PYTHON names the interpreter (default: python3); nothing is installed. CuPy and PyTorch must be
# built for the same CUDA. Ctrl-C ends it.
#
# Without a GPU it is a dry run, on the stand-in for CuPy: the tests, and the trainings of one or two epochs, smaller.
set -uo pipefail
if [ $# -lt 1 ] || [ $# -gt 2 ]; then
    sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0"
    exit 2
fi
pets=""
if [ $# -eq 2 ]; then pets=$(cd "$2" && pwd) || exit 2; fi
mkdir "$1" || exit 2
out=$(cd "$1" && pwd)
trap 'exit 130' INT
cd "$(dirname "$0")/.." || exit 2
export PYTHONPATH="$PWD${PYTHONPATH:+:$PYTHONPATH}" OPENBLAS_NUM_THREADS=1
python=${PYTHON:-python3}
failed=0

step() { # step NAME SECONDS COMMAND...: the log is OUT/NAME.log
    local name=$1 limit=$2 start=$SECONDS status
    shift 2
    timeout --foreground -k 5 "$limit" "$@" >"$out/$name.log" 2>&1
    status=$?
    printf '%-14s status %-4s %4s s   %s\n' "$name" "$status" "$((SECONDS - start))" "$(tail -n 1 "$out/$name.log" | cut -c1-100)"
    if [ "$status" -ne 0 ]; then failed=1; fi
}

why=$("$python" -c 'from minunet.backend import why_no_gpu; print(why_no_gpu() or "")') || exit 2
if [ -n "$why" ]; then
    echo "No GPU can be used: $why This is a dry run."
    run=("$python" -m tests.cupy_on_cpu)
    dry=1 cells=(--set count=40)
else
    "$python" -c 'import cupy, platform; from minunet.bench.gpu import gpu_name
print(gpu_name(), "CuPy", cupy.__version__, "Python", platform.python_version())'
    run=("$python" -m)
    dry="" cells=()
    without=$("$python" -c 'from minunet.bench.gpu import torch_gpu_problem; print(torch_gpu_problem() or "")') || exit 2
    if [ -n "$without" ]; then
        echo "Nothing to compare with: $without"
        failed=1
    fi
fi
step tests 110 "$python" -m pytest -q -p no:cacheprovider tests/fast/test_gpu.py tests/fast/test_gpu_compiles.py \
    tests/test_gpu.py tests/test_upload.py tests/test_bench_gpu.py tests/test_backend.py
if [ -z "$dry" ]; then
    step bench 110 "${run[@]}" minunet.bench --device gpu --rounds 21 --json "$out/bench.json"
    step profile 40 "${run[@]}" minunet.bench --device gpu --rounds 5 --profile --json "$out/profile.json"
fi # else the tests have run both, on a small network
step cells 40 "${run[@]}" minunet.train --device gpu "${cells[@]}" --epochs 2 --out "$out/cells"
if [ -n "$pets" ]; then
    photographs=(--device gpu --data-dir "$pets" --epochs 50)
    if [ -n "$dry" ]; then photographs=(--device gpu --data-dir "$pets" --epochs 1 --base 4 --size 52 --depth 3); fi
    step pets 120 "${run[@]}" minunet.train --preset pets "${photographs[@]}" --out "$out/pets"
    for labels in resized aligned; do
        step "seed_$labels" 75 "${run[@]}" minunet.train --preset seed --labels "$labels" "${photographs[@]}" \
            --out "$out/seed_$labels"
    done
fi
if [ -z "$dry" ]; then cat "$out/bench.log" "$out/profile.log"; fi
exit "$failed"
