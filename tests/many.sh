#!/usr/bin/env bash
# The long form of two tests, for once in a while: ten thousand months under the law of missing logs, and ten
# thousand damaged files of each form. CI takes a thousand of each.
#
#   nice tests/many.sh
#
# RITARDO_SEEDS and RITARDO_MUTANTS name other numbers. It ends with 0 when both hold; a failure names its seed.
set -euo pipefail
cd "$(dirname "$0")/.."

export RITARDO_SEEDS="${RITARDO_SEEDS:-10000}" RITARDO_MUTANTS="${RITARDO_MUTANTS:-10000}"
said="$(mktemp)"
trap 'rm -f "$said"' EXIT

failed=0
for test in law hostile; do
    began=$SECONDS
    cargo test --release --locked --quiet --test "$test" -- --nocapture >"$said" 2>&1 || failed=1
    grep -E '^error|panicked|^test result|[0-9]+ (months|files|seeds|mutants)' "$said" || true
    if ! grep -q '^test result: ok' "$said"; then
        tail -n 40 "$said"
    fi
    echo "$test: RITARDO_SEEDS=$RITARDO_SEEDS RITARDO_MUTANTS=$RITARDO_MUTANTS, $((SECONDS - began)) s"
done
exit "$failed"
