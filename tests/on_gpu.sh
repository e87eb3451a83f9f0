#!/usr/bin/env bash
# Everything that needs a GPU, in one command and at most nine minutes:
#
#   tests/on_gpu.sh OUT [PETS]
#
# First what tells most: the device tests, the benchmark beside PyTorch, a profile of one step, and a training step on the
# CPU with 1, 2, 4, 8 and 16 threads, as many as there are cores. Then it trains: the made cells, and if PETS, the folder of
# the Oxford-IIIT Pet photographs, is given (a smaller copy will do), `pets` and `seed` for 50 epochs. Logs, tables and runs
# go to OUT, which must not exist; OUT/on_gpu.tar.gz holds all but the weights and pictures, after the first part already.
#
# PYTHON names the interpreter (default: python3); nothing is installed, and no network is needed. It takes NumPy, SciPy,
# Matplotlib, Pillow, tqdm, threadpoolctl, pytest, hypothesis, and CuPy and PyTorch for the same CUDA. Ctrl-C ends it.
#
# Without a GPU it is a dry run, on the stand-in for CuPy: the tests, and everything else on less.
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
    printf '%-14s status %-4s %4s s   %s\n' "$name" "$status" "$((SECONDS - start))" "$(tail -n 1 "$out/$name.log" | cut -c1-100)" |
        tee -a "$out/steps.log"
    if [ "$status" -ne 0 ]; then failed=1; fi
}

pack() { # logs and tables, without weights and pictures
    (cd "$out" && find . \( -name '*.log' -o -name '*.json' -o -name '*.csv' \) -print0 | tar -czf on_gpu.tar.gz --null -T -)
}

if ! why=$("$python" -c 'from minunet.backend import why_no_gpu; print(why_no_gpu() or "")'); then
    rmdir "$out"
    echo "$python cannot import minunet: name another interpreter, as in PYTHON=.venv/bin/python tests/on_gpu.sh OUT" >&2
    exit 2
fi
if [ -n "$why" ]; then
    echo "No GPU can be used: $why This is a dry run." | tee "$out/machine.log"
    run=("$python" -m tests.cupy_on_cpu)
    dry=1 cells=(--set count=40)
else
    "$python" -c 'import cupy, platform; from minunet.bench.gpu import gpu_name
print(gpu_name(), "CuPy", cupy.__version__, "Python", platform.python_version())' | tee "$out/machine.log"
    run=("$python" -m)
    dry="" cells=()
    without=$("$python" -c 'from minunet.bench.gpu import torch_gpu_problem; print(torch_gpu_problem() or "")') || exit 2
    if [ -n "$without" ]; then
        echo "Nothing to compare with: $without"
        failed=1
    fi
fi
# Warnings are no errors here: this machine's versions of everything are not those that the tests are kept clean with.
step tests 100 "$python" -m pytest -q -p no:cacheprovider -W default tests/gpu/test_kernels.py tests/gpu/test_compiles.py \
    tests/gpu/test_network.py tests/gpu/test_upload.py tests/test_bench_gpu.py tests/test_backend.py
if [ -z "$dry" ]; then
    step bench 100 "${run[@]}" minunet.bench --device gpu --rounds 21 --json "$out/bench.json"
    step profile 30 "${run[@]}" minunet.bench --device gpu --rounds 5 --profile --json "$out/profile.json"
    step threads 70 "$python" -m minunet.bench --threads 1,2,4,8,16 --rounds 5 --json "$out/threads.json"
else # the tests have run the first two, on a small network
    step threads 70 "$python" -m minunet.bench --threads 1,2,4,8,16 --rounds 5 --task small --json "$out/threads.json"
fi
pack
step cells 30 "${run[@]}" minunet.train --device gpu "${cells[@]}" --epochs 2 --out "$out/cells"
if [ -n "$pets" ]; then
    photographs=(--device gpu --data-dir "$pets" --epochs 50)
    if [ -n "$dry" ]; then photographs=(--device gpu --data-dir "$pets" --epochs 1 --base 4 --size 52 --depth 3); fi
    step pets 100 "${run[@]}" minunet.train --preset pets "${photographs[@]}" --out "$out/pets"
    for labels in resized aligned; do
        step "seed_$labels" 50 "${run[@]}" minunet.train --preset seed --labels "$labels" "${photographs[@]}" \
            --out "$out/seed_$labels"
    done
fi
pack
if [ -z "$dry" ]; then cat "$out/bench.log" "$out/profile.log" "$out/threads.log"; fi
echo "all of it without weights and pictures: $out/on_gpu.tar.gz"
exit "$failed"
