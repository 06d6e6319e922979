#!/bin/sh
# Resolves pyproject.toml for every platform into requirements/run.txt and dev.txt. The locks name no registry.
set -eu
uv=$1
cd "$(dirname "$0")/.."

lock() { # lock FILE COMMENT [OPTION...]
    file=$1 comment=$2
    shift 2
    "$uv" pip compile pyproject.toml --quiet --upgrade --universal --python-version 3.11 --extra demo "$@" \
        --generate-hashes --no-emit-index-url --no-annotate --no-header --output-file "$file.new"
    { echo "# $comment Made by 'make lock'."; cat "$file.new"; } > "$file"
    rm "$file.new"
}

lock requirements/run.txt "What quarterhour runs with, and its demo data."
lock requirements/dev.txt "What quarterhour's development and tests need, with all of run.txt." --group dev
