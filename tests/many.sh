#!/usr/bin/env bash
# The long form of some tests, for once in a while: ten thousand months under the law of missing logs, ten thousand
# damaged files of each form, three hundred shops that live at random, and three thousand flipped bits in each of the
# ledger, the archive and the documents. CI takes a thousand of the first two, and a few of the others.
#
#   nice tests/many.sh
#
# RITARDO_SEEDS, RITARDO_MUTANTS, RITARDO_MACHINES and RITARDO_FLIPS name other numbers, and arguments only some of the
# tests. It ends with 0 when all hold; a failure names its seed, or its bits.
set -euo pipefail
cd "$(dirname "$0")/.."

export RITARDO_SEEDS="${RITARDO_SEEDS:-10000}" RITARDO_MUTANTS="${RITARDO_MUTANTS:-10000}"
export RITARDO_MACHINES="${RITARDO_MACHINES:-300}" RITARDO_FLIPS="${RITARDO_FLIPS:-3000}"
said="$(mktemp)"
trap 'rm -f "$said"' EXIT

failed=0
for test in ${@:-law hostile machine flips}; do
    began=$SECONDS
    cargo test --release --locked --quiet --test "$test" -- --nocapture >"$said" 2>&1 || failed=1
    grep -E '^error|panicked|^test result|[0-9]+ (months|files|seeds|mutants|lives|were missed)' "$said" || true
    if ! grep -q '^test result: ok' "$said"; then
        tail -n 40 "$said"
    fi
    case "$test" in
    law) number="RITARDO_SEEDS=$RITARDO_SEEDS" ;;
    hostile) number="RITARDO_MUTANTS=$RITARDO_MUTANTS" ;;
    machine) number="RITARDO_MACHINES=$RITARDO_MACHINES" ;;
    *) number="RITARDO_FLIPS=$RITARDO_FLIPS" ;;
    esac
    echo "$test: $number, $((SECONDS - began)) s"
done
exit "$failed"
