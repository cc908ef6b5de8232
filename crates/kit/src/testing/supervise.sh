# Keeps the tests' PostgreSQL: starts it, and ends it once no test process has used it for a while.
# Arguments: the directory, the idle seconds allowed, the server's command.
#
# Every test process holds a shared lock on use.lock while it lives. The server is stopped only under the exclusive
# lock, so a test that comes at that moment waits, finds no server, and starts a fresh one.
# SIGTERM means: stop as soon as nobody uses it. A kill -9 of this script stops the server through setpriv --pdeathsig.
dir=$1
idle_max=$2
shift 2

"$@" &
server=$!
echo $$ >"$dir/supervisor.pid"
exec 9>>"$dir/use.lock"

idle=0
trap 'idle=$idle_max' TERM
while kill -0 "$server" 2>/dev/null; do
    sleep 2 9>&- &
    wait $!
    if flock --nonblock 9; then
        idle=$((idle + 2))
        if [ "$idle" -ge "$idle_max" ]; then
            kill -INT "$server"
            wait "$server"
            rm -rf "$dir/pgdata"
            break
        fi
        flock --unlock 9
    else
        idle=0
    fi
done
rm -f "$dir/supervisor.pid"
