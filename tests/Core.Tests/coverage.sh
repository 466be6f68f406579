#!/usr/bin/env bash
# Measures how much of Core its tests reach; see --help.
set -euo pipefail

case "${1:-}" in
    -h | --help)
        cat <<'TEXT'
usage: tests/Core.Tests/coverage.sh [--lines]

Runs the tests of Core under coverlet and prints the share of lines and branches that they reach, by file where it is less than all.
Exits with 1 when fewer than 90 % of the lines are reached (MESH_COVERAGE=N asks for another share), or when a test fails.

  --lines    also name the lines that no test reaches

The full report is artifacts/coverage/coverage.cobertura.xml.
TEXT
        exit 0
        ;;
    "" | --lines) lines=${1:+1} ;;
    *)
        echo "coverage: there is no option '$1'; see --help." >&2
        exit 2
        ;;
esac

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
out=$root/artifacts/coverage
project=$root/tests/Core.Tests/Mesh.Core.Tests.csproj
# A place of its own: the packages that only this needs must not get into the ordinary build.
settings=(-p:MeasureCoverage=true "-p:ArtifactsPath=$out")
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1

log=$(mktemp)
trap 'rm -f "$log"' EXIT
dotnet build "$project" -c Debug -v q "${settings[@]}" >"$log" 2>&1 || { cat "$log" >&2; exit 1; }
collector=$(dotnet msbuild "$project" "${settings[@]}" -getProperty:Pkgcoverlet_collector)
rm -rf "$out/results"
dotnet vstest "$out/bin/Mesh.Core.Tests/debug/Mesh.Core.Tests.dll" --collect:"XPlat Code Coverage" \
    --TestAdapterPath:"$collector/build/net8.0" --ResultsDirectory:"$out/results" >"$log" 2>&1 || { cat "$log" >&2; exit 1; }
mv "$out"/results/*/coverage.cobertura.xml "$out/coverage.cobertura.xml"

awk -v wanted="${MESH_COVERAGE:-90}" -v lines="${lines:-}" '
    function attribute(name,    text) {
        if (!match($0, " " name "=\"[^\"]*\"")) return ""
        text = substr($0, RSTART, RLENGTH)
        gsub(/^[^"]*"|"$/, "", text)
        return text
    }
    /<coverage / { covered = attribute("lines-covered"); valid = attribute("lines-valid"); bcovered = attribute("branches-covered"); bvalid = attribute("branches-valid") }
    /<class / { file = attribute("filename") }
    # Each line is there twice, once in its method and once in its class.
    /<line / {
        number = attribute("number")
        key = file ":" number
        if (!(key in hits)) { total[file]++; hits[key] = 0 }
        if (attribute("hits") > 0 && !hits[key]) { hits[key] = 1; reached[file]++ }
        if (attribute("hits") == 0 && !(key in missed)) { missed[key] = 1; order[++count] = key }
    }
    END {
        for (file in total)
            if (reached[file] + 0 < total[file])
                printf "%5.1f %%  %3d of %3d lines  %s\n", 100 * reached[file] / total[file], reached[file], total[file], file | "sort -n"
        close("sort -n")
        if (lines)
            for (i = 1; i <= count; i++)
                if (!hits[order[i]]) print "  not reached: " order[i]
        share = 100 * covered / valid
        printf "coverage of Core: %.1f %% of lines (%d of %d), %.1f %% of branches (%d of %d)\n", share, covered, valid, 100 * bcovered / bvalid, bcovered, bvalid
        if (share < wanted) { printf "coverage: less than %s %% of the lines are reached.\n", wanted; exit 1 }
    }' "$out/coverage.cobertura.xml"
