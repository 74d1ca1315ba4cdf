#!/bin/sh
# Checks powerbi/ with every validator that needs no Power BI. Ours run with the test suite as well; those of others are
# installed beside this file on first use. SCHEMAS=FOLDER names a checkout of microsoft/json-schemas and follows all of it.
set -eu
cd "$(dirname "$0")/../.."
here=scripts/powerbi
failed=0

step() {
    echo "== $1"
    shift
    "$@" || failed=1
}

outside() {
    PYTHONPATH=. .venv/bin/uv run --quiet --no-project --isolated --python .venv/bin/python \
        --with pbi-parsers==0.9.5 --with powerbi-tmdl-tools==1.0.5 python $here/syntax.py "$@"
}

report() {
    node $here/node_modules/@microsoft/powerbi-report-authoring-cli/dist/cli.js \
        validate powerbi/MarketPulse.pbip --no-schema --format text
}

power_query() {
    PYTHONPATH=. .venv/bin/python $here/syntax.py --m | node $here/parse_m.mjs
}

step "JSON by Microsoft's schemas" .venv/bin/python -m tests.powerbi.json_schemas ${SCHEMAS:+"$SCHEMAS"}
step "our own tests" .venv/bin/pytest tests/powerbi -q
step "DAX by pbi-parsers, TMDL by powerbi-tmdl-tools" outside

if ! command -v node >/dev/null 2>&1 || ! command -v npm >/dev/null 2>&1; then
    echo "== left out: Node.js 20 or newer with npm is not installed, so Microsoft's report CLI and Power Query parser did not run"
elif [ "$(node -p 'Number(process.versions.node.split(".")[0]) >= 20')" != true ]; then
    echo "== left out: node is $(node --version), and Microsoft's report CLI needs 20 or newer"
else
    if [ ! -d $here/node_modules ] || [ $here/package-lock.json -nt $here/node_modules ]; then
        npm --prefix $here ci --ignore-scripts --no-audit --no-fund --silent && touch $here/node_modules
    fi
    step "report by Microsoft's report CLI" report
    step "Power Query by Microsoft's parser" power_query
fi
exit $failed
