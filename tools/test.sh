# What `./mesh test` does; read by the script at the root, whose functions and variables it uses.
# Installs what the tests use (where it may), builds, checks the formatting, runs the tests, and sums up in one last line.

PASSED=0 FAILED=0 SKIPPED=0
# What failed, said once more at the end: who sees only the end of a long log must find it there.
FAILURES=()

step() { printf '\n== %s\n' "$*"; }
failed() { FAILED=$((FAILED + 1)); FAILURES+=("$*"); say "FAILED: $*"; }

# Debian packages that hold clients and tools no one here wrote. Tests that need an absent one skip themselves and say so.
install_tools() {
    local wanted=()
    command -v node >/dev/null 2>&1 || wanted+=(nodejs)
    command -v npm >/dev/null 2>&1 || wanted+=(npm)
    command -v promtool >/dev/null 2>&1 || wanted+=(prometheus)
    grpc_python >/dev/null || wanted+=(python3-grpcio)
    ((${#wanted[@]} == 0)) || apt_install "${wanted[@]}"
}

apt_install() { # apt_install PACKAGE...: where we may; otherwise what needs them skips itself
    if [[ $(id -u) != 0 ]] || ! command -v apt-get >/dev/null 2>&1; then
        say "not installed, so some tests will be skipped: $* (apt-get install $*)"
        return 0
    fi

    step "Installing $*"
    export DEBIAN_FRONTEND=noninteractive
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends "$@"; } >/tmp/mesh-apt.$$ 2>&1 ||
        { tail -5 /tmp/mesh-apt.$$; say "could not install $*; some tests will be skipped"; }
    rm -f /tmp/mesh-apt.$$
}

install_node_modules() {
    local lock directory
    command -v npm >/dev/null 2>&1 || return 0
    while IFS= read -r lock; do
        directory=$(dirname "$lock")
        [[ -d $directory/node_modules && ! $lock -nt $directory/node_modules ]] && continue
        step "npm ci in ${directory#"$ROOT"/}"
        (cd "$directory" && npm ci --no-audit --no-fund --silent && touch node_modules) || say "npm ci failed in $directory; tests that need it will be skipped"
    done < <(find "$ROOT/tests" -name package-lock.json -not -path '*/node_modules/*')
}

# count LOG: adds the sums of one `dotnet test` to ours.
count() {
    local passed failed skipped
    passed=$(sum_of succeeded "$1") failed=$(sum_of failed "$1") skipped=$(sum_of skipped "$1")
    PASSED=$((PASSED + passed)) FAILED=$((FAILED + failed)) SKIPPED=$((SKIPPED + skipped))
    # A run that broke without saying what failed must not look like a success.
    [[ $2 == 0 || $failed -gt 0 ]] || failed "the test run ended with exit code $2"
    ((passed + failed + skipped)) || failed "no tests ran"
}

# The last summary in the log is the whole run's.
sum_of() { sed -n "s/^  $1: \([0-9]*\)$/\1/p" "$2" | tail -1 | grep . || echo 0; }

# What a test program printed comes with its failures, all of it: its beginning is enough.
shorten() {
    awk '
        /^  (Standard|Error) output:/ { lines = 1 }
        !/^  / { lines = 0 }
        lines && lines++ > 60 { if (lines == 62) print "  … (run this test program by itself to see the rest)"; next }
        { print; fflush() }'
}

# failures_of LOG: remembers each test that failed, with the beginning of what it said.
failures_of() {
    local failure
    while IFS= read -r -d '' failure; do
        FAILURES+=("$failure")
    done < <(awk '
        /^failed .* \([0-9][0-9a-z ]*\)$/ { if (said) printf "%s%c", said, 0; said = substr($0, 8); lines = 0; next }
        said && (/^  from / || ++lines > 8) { printf "%s%c", said, 0; said = ""; next }
        said { sub(/^ */, ""); said = said "\n      " substr($0, 1, 300) }
        END { if (said) printf "%s%c", said, 0 }' "$1")
}

test_run() { # test_run TITLE ARGUMENT...
    local log rc=0
    step "$1"
    log=$(mktemp)
    (cd "$ROOT" && dotnet test "${@:2}" -c Release --no-build --no-ansi --no-progress) 2>&1 | tee "$log" | shorten || rc=$?
    count "$log" "$rc"
    failures_of "$log"
    rm -f "$log"
}

run_named() { # only the test projects whose name contains one of the words
    local word project found=0
    for word in "$@"; do
        for project in "$ROOT"/tests/*"$word"*/*.csproj; do
            [[ -f $project ]] || continue
            found=1
            step "Building $(basename "$project" .csproj)"
            (cd "$ROOT" && dotnet build "$project" -c Release -v q -clp:NoSummary) || { failed "the build"; continue; }
            test_run "$(basename "$project" .csproj)" --project "$project"
        done
    done
    ((found)) || die "no test project's name contains '$*'; there are: $(cd "$ROOT/tests" && echo *.Tests)"
}

run_all() {
    step "Building"
    (cd "$ROOT" && dotnet build "$SOLUTION" -c Release -v q -clp:NoSummary) || { failed "the build"; return; }
    step "Checking the formatting"
    (cd "$ROOT" && dotnet format "$SOLUTION" --verify-no-changes --no-restore) || failed "the formatting: run ./mesh fmt"
    test_run "Testing" --solution "$SOLUTION" --max-parallel-test-modules 2
    cluster_edition
    if [[ -f $ROOT/tests/Core.Tests/coverage.sh ]]; then
        step "Coverage of Core"
        bash "$ROOT/tests/Core.Tests/coverage.sh" || failed "the coverage of Core"
    fi
}

# The same tests on Microsoft Orleans and Grpc.AspNetCore, wherever their packages can be had; and those of real silos, which break them on a real PostgreSQL and Redis.
cluster_edition() {
    local project absent=()
    step "Cluster edition"
    for project in Rpc Runtime Grains Cluster; do
        if ! (cd "$ROOT" && timeout 120 dotnet restore "tests/$project.Tests" -p:Edition=Cluster "${BUILD_ARGS[@]}" -v q) >/dev/null 2>&1; then
            absent+=("$project")
        elif ! (cd "$ROOT" && dotnet build "tests/$project.Tests" -c Release -v q -clp:NoSummary --no-restore -p:Edition=Cluster "${BUILD_ARGS[@]}"); then
            failed "the Cluster edition of $project"
        else
            [[ $project != Cluster ]] || install_stores
            test_run "$project.Tests, Cluster edition" --project "tests/$project.Tests" -p:Edition=Cluster "${BUILD_ARGS[@]}"
        fi
    done
    ((${#absent[@]} == 0)) || echo "Not run in the Cluster edition, because its packages do not restore here: ${absent[*]}"
}

install_stores() {
    command -v redis-server >/dev/null 2>&1 && compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || apt_install postgresql redis-server iproute2
}

run_tests() {
    install_tools
    install_node_modules
    if (($#)); then run_named "$@"; else run_all; fi
    if ((${#FAILURES[@]})); then
        printf '\nFailed:\n'
        printf '  %s\n' "${FAILURES[@]}"
    fi
    printf '\n%d passed, %d failed, %d skipped\n' "$PASSED" "$FAILED" "$SKIPPED"
    ((FAILED == 0))
}
