#!/usr/bin/env bash
# Builds the container from workflow/container/Containerfile without an image registry, runs the smoke tier in it, or
# only some targets (`tests/container/check.sh [TARGET ...]`), and compares the results with those of .venv.
# Needs root, buildah, mmdebstrap and 8 GB in $TMPDIR. The base image is made from Debian packages; the Python packages
# are obtained by pip of .venv. To keep both for later runs, set $WHEELS to a folder and $BASE to a tar file.
# To skip the run with .venv, set $ORDINARY to a project with finished results of the same targets. Use absolute paths.
# If it is killed, its processes and mounts end with it, as their namespaces do; the next run deletes its folder.
set -euo pipefail
cd "$(dirname "$0")/../.."
for tool in buildah mmdebstrap; do
    command -v "$tool" >/dev/null || { echo "needs $tool: apt-get install buildah mmdebstrap" >&2; exit 1; }
done
if [ "$$" -ne 1 ]; then
    exec unshare --mount --pid --mount-proc --kill-child tests/container/check.sh "$@"
fi
temporary=${TMPDIR:-/tmp}
for lock in "$temporary"/rectified-container.*/lock; do
    [ ! -e "$lock" ] || flock --nonblock "$lock" rm -rf --one-file-system "$(dirname "$lock")" || true
done
work=$(mktemp -d "$temporary/rectified-container.XXXXXX")
exec 9>"$work/lock"
flock 9
wheels=${WHEELS:-$work/wheels}
base=${BASE:-$work/base.tar}
ordinary=${ORDINARY:-$work/ordinary}
cores=${CORES:-2}
targets=("${@:-all}")

engine() { buildah --storage-driver "${STORAGE_DRIVER:-overlay}" --root "$work/storage" --runroot "$work/state" "$@"; }

clean_up() {
    engine umount --all >/dev/null 2>&1 || true
    engine rm --all >/dev/null 2>&1 || true
    if grep -q " $work/" /proc/self/mounts; then
        echo "still mounted, not deleted: $work" >&2
    else
        rm -rf --one-file-system "$work"
    fi
}
trap clean_up EXIT

step() { echo "== $1 ($SECONDS s)"; }

step "wheels"
[ -d "$wheels" ] || .venv/bin/pip wheel -qqq -r requirements.txt -w "$wheels"
step "base of Debian's packages"
[ -f "$base" ] || mmdebstrap --quiet --variant=minbase bookworm "$base" http://deb.debian.org/debian
scratch=$(engine from scratch)
engine add --quiet "$scratch" "$base" / >/dev/null
engine commit --quiet "$scratch" localhost/base >/dev/null
engine rm "$scratch" >/dev/null
step "image"
engine build --isolation chroot --pull-never --layers=false --build-arg BASE=localhost/base \
    --volume "$wheels:/wheels:ro" --build-arg PIP_FIND_LINKS=/wheels --build-arg PIP_NO_INDEX=1 \
    --tag localhost/rectified --file workflow/container/Containerfile .
step "smoke tier in the container"
mkdir "$work/inside" "$work/ordinary"
container=$(engine from --pull-never localhost/rectified)
engine run --isolation chroot --volume "$work/inside:/inside" \
    --env FOLDER=/inside --env "CORES=$cores" "$container" -- \
    /opt/rectified/workflow/container/smoke.sh "${targets[@]}"
if [ -z "${ORDINARY:-}" ]; then
    step "the same with .venv"
    cp -R Snakefile config.yaml scripts workflow envs "$ordinary"
    snakemake=$PWD/.venv/bin/snakemake
    (cd "$ordinary" && "$snakemake" --cores "$cores" "${targets[@]}" --configfile workflow/tiers/smoke.yaml) \
        >"$work/log" 2>&1 || { tail -n 30 "$work/log" >&2; exit 1; }
fi
step "comparison"
PYTHONPATH=scripts .venv/bin/python tests/container/compare.py "$work/inside" "$ordinary"
step "done"
