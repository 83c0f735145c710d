//! ray-on-golem's logs: shown without keys, and its secrets in memory alone.

use super::*;

/// As ray-on-golem behaves: a private key and a database beside the logs, app-keys on command lines, rotated logs.
#[test]
fn what_ray_on_golem_writes_is_in_memory_and_its_logs_are_shown_without_keys() {
    for_every_user(|bench| {
        let state = bench.up();
        let key =
            bench.shell("$YAGNA_PATH app-key create ray-on-golem --json").trim().trim_matches('"').to_owned();
        assert_eq!(key.len(), 32, "{key}");
        let script = "cd $RAY_ON_GOLEM_DATADIR && mkdir db && echo $0 > db/reputation.sqlite3 && \
                      echo \"first 'Bearer $0'\" > webserver.log && gzip -c webserver.log > webserver.log.1.gz && \
                      rm webserver.log && echo \"second $0\" > webserver.log && pwd -P && cat webserver.log";
        let said = bench.shell(&script.replace("$0", &key));
        let folder = bench.dir().join("ray-on-golem");
        assert_eq!(said, format!("{}\nsecond {key}\n", folder.display()));
        until_it_holds(&folder.join("webserver.log"), "second [redacted]\n");
        bench.shell(&format!("printf 'unfinished {key}' >> $RAY_ON_GOLEM_DATADIR/webserver.log"));
        assert_private(&bench.dir(), &key);

        assert!(bench.localnet("down", &[]).output().unwrap().status.success());
        let log = fs::read_to_string(folder.join("webserver.log")).unwrap();
        assert!(
            log.ends_with("second [redacted]\nunfinished [redacted]"),
            "an orderly end loses nothing: {log}"
        );
        assert_private(&bench.dir(), &key);
        assert_ne!(bench.up().init, state.init);
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 0, "a new localnet begins with no logs");
        assert_eq!(bench.shell("ls -A $RAY_ON_GOLEM_DATADIR"), "");
    });
}

/// Waits for a log that is written behind our back; how long is for the defect that never writes it.
fn until_it_holds(log: &Path, line: &str) {
    let deadline = Instant::now() + PATIENCE;
    let read = || fs::read_to_string(log).unwrap_or_default();
    while !read().contains(line) {
        assert!(Instant::now() < deadline, "`{}` holds {}", log.display(), read());
        std::thread::yield_now();
    }
}

/// All below the localnet's directory is its owner's alone, and no file holds the key.
fn assert_private(dir: &Path, key: &str) {
    secrets::assert_private(dir);
    assert_eq!(secrets::holders(dir, &[key]), Vec::<PathBuf>::new());
}

/// A localnet on a disk of its own, which gets full while something is logged, and has room again.
#[test]
fn after_a_full_disk_the_logs_are_written_again() {
    let bench = Bench::new(None);
    fs::create_dir(bench.path("disk")).unwrap();
    let script = r#"
        mount -t tmpfs -o size=4m,mode=700 disk "$DISK" || exit 99
        in_it() { "$PROGRAM" localnet exec --dir "$DISK/localnet" -- sh -c "$1"; }
        logs="$DISK/localnet/ray-on-golem"
        until_it_holds() {
            for try in $(seq 2000); do eval "$1" && return; sleep 0.01; done
            echo "it never holds: $1"; tail -n 5 "$logs"/*; exit 98
        }
        "$PROGRAM" localnet up --dir "$DISK/localnet" || exit 97
        in_it 'echo before >> $RAY_ON_GOLEM_DATADIR/webserver.log'
        until_it_holds 'grep -qsx before "$logs/webserver.log"'
        cat /dev/zero > "$DISK/rest" 2> /dev/null
        written=$(stat -c %z "$logs/webserver.log")
        # One line each, of more than what is left in the last page of the copy: it is written whole or not at all.
        in_it 'for log in webserver new; do printf "%020000d\n" 0 >> $RAY_ON_GOLEM_DATADIR/$log.log; done' || exit 96
        # It was tried to write them.
        until_it_holds '[ "$written" != "$(stat -c %z "$logs/webserver.log")" ] && [ -e "$logs/new.log" ]'
        rm "$DISK/rest"
        in_it 'for log in webserver new; do echo after >> $RAY_ON_GOLEM_DATADIR/$log.log; done'
        until_it_holds 'grep -qsx after "$logs/webserver.log" && grep -qsx after "$logs/new.log"'
        "$PROGRAM" localnet down --dir "$DISK/localnet" || exit 95
        echo "== webserver.log"; cat "$logs/webserver.log"; echo "== localnet.log"; cat "$DISK/localnet/log/localnet.log"
    "#;
    let mut unshare = Command::new("unshare");
    unshare.args(["--user", "--map-root-user", "--mount", "sh", "-c", script]).stdin(Stdio::null());
    unshare.env("HOME", bench.path("")).env_remove("VIRTUAL_ENV").current_dir(bench.path(""));
    unshare.env("DISK", bench.path("disk")).env("PROGRAM", bench.path("golem-outbound"));
    let output = unshare.output().unwrap();
    let said = text(&output.stdout);
    assert!(output.status.success(), "{said}{}", text(&output.stderr));
    bench.assert_nothing_left();
    let (copy, log) = said.split_once("== localnet.log\n").unwrap();
    assert!(copy.contains("before\n") && copy.ends_with("after\n"), "{copy}");
    assert!(!log.contains("panic"), "{log}");
    assert!(log.contains("`webserver.log` is written again; lines are missing before this"), "{log}");
}
