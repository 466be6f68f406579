#!/usr/bin/env bash
# Plants faults in Core and counts how many its tests notice; see --help.
set -euo pipefail

case "${1:-}" in
    -h | --help)
        cat <<'TEXT'
usage: tests/Core.Tests/mutate.sh [GLOB...]

Plants one fault after the other in Core (Stryker.NET) and runs the tests that reach it; prints the faults that no test noticed and the
share of those noticed. It takes about ten minutes; with globs such as '**/Health/*.cs' it takes only these files.
Faults in texts are left out: the words of messages are not what these tests are about.

MESH_CASES says how many cases each property tries for each fault [40]. The full report is artifacts/mutation/reports/mutation-report.html.
TEXT
        exit 0
        ;;
esac

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
out=$root/artifacts/mutation
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 MESH_CASES=${MESH_CASES:-40}
cd "$root/tests/Core.Tests"
dotnet tool restore >/dev/null

globs=()
for glob in "$@"; do globs+=(--mutate "$glob"); done
mkdir -p "$out"
status=0
nice -n 15 dotnet stryker --config-file stryker-config.json --output "$out" --skip-version-check "${globs[@]}" >"$out/log.txt" 2>&1 || status=$?
if [[ $status != 0 || ! -f $out/reports/mutation-report.json ]]; then
    tail -40 "$out/log.txt" >&2
    exit "$((status == 0 ? 1 : status))"
fi

# The report is one line of JSON for machines; its mutants come with their file before them.
grep -oE '"[^"]+\.cs":\{"language"|"id":"[0-9]+","mutatorName":"[^"]*"|"start":\{"line":[0-9]+|"status":"[A-Za-z]+"' "$out/reports/mutation-report.json" |
    awk -F'"' '
        /"language"/ { file = $2; sub(/.*\/Core\//, "", file) }
        /"mutatorName"/ { name = $8 }
        /"start"/ { line = $0; sub(/.*:/, "", line) }
        /"status"/ {
            count[$4]++
            if ($4 == "Survived" || $4 == "NoCoverage") print "  " tolower($4) "  " file ":" line "  " name
        }
        END {
            noticed = count["Killed"] + count["Timeout"]
            all = noticed + count["Survived"] + count["NoCoverage"]
            if (all == 0) { print "mutation of Core: no fault was planted"; exit 1 }
            printf "mutation of Core: %.1f %% of faults noticed (%d of %d)\n", 100 * noticed / all, noticed, all
        }'
