# Reads `go test -v` of many packages; prints go test's plain output (a failing package's in full),
# and before a package's line each test that it left out, with the reason that the test gave.
function reset() { delete reason; lines = 0; skips = 0; current = "" }
BEGIN { reset() }

/^=== (RUN|NAME|CONT) / { current = $3 }
/^ +[^ :]+\.go:[0-9]+: / { text = $0; sub(/^ +[^ :]+\.go:[0-9]+: /, "", text); reason[current] = text }
/^ *--- SKIP: / { name = $3; skipped[++skips] = "--- SKIP: " name ": " reason[name] }

/^ok  \t/ || /^\?   \t/ || /^\t.*coverage:/ {
    for (i = 1; i <= skips; i++) print skipped[i]
    left += skips
    print
    fflush()
    reset()
    next
}
/^FAIL\t/ {
    for (i = 1; i <= lines; i++) if (kept[i] !~ /^=== (RUN|PAUSE|CONT|NAME) / && kept[i] !~ /^ *--- PASS: /) print kept[i]
    print
    fflush()
    reset()
    next
}
{ kept[++lines] = $0 }

END {
    for (i = 1; i <= lines; i++) print kept[i] # a build failure, or go's closing FAIL
}
