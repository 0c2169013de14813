#!/bin/sh
# Test of a container: `smoke.sh [TARGET ...]` runs the smoke tier in $FOLDER, or in a new temporary folder.
set -eu
folder=${FOLDER:-$(mktemp -d)}
cd /opt/rectified
cp -R Snakefile config.yaml scripts workflow envs "$folder"
cd "$folder"
[ $# -gt 0 ] || set -- all
snakemake --cores "${CORES:-2}" "$@" --configfile workflow/tiers/smoke.yaml
