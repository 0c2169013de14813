#!/bin/sh
# Installs Python and the packages of requirements.txt in a container of the project.
set -eu
apt-get update
apt-get install --yes --no-install-recommends ca-certificates python3 python3-venv
rm -rf /var/lib/apt/lists/*
python3 -m venv /opt/rectified/.venv
/opt/rectified/.venv/bin/pip install --no-cache-dir -r /opt/rectified/requirements.txt
