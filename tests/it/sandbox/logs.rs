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
