//! An SSH server for Ray's `local` provider: Debian's, unpacked, inside the localnet's sandbox, on its loopback alone.

use std::path::Path;
use std::process::Command;

/// Where it lies below the project, so that it can be seen in the sandbox.
pub const FOLDER: &str = "ssh";

/// Starts the server in a mount namespace where it finds its user and a home folder with our environment, and then does what
/// it was given.
pub const WITH_SERVER: &str = r#"set -eu
ssh=$PWD/ssh
export LD_LIBRARY_PATH=$ssh/root/usr/lib/x86_64-linux-gnu
{ sed "s#^root:.*#root:x:0:0:root:$ssh/home:/bin/bash#" /etc/passwd; echo 'sshd:x:74:74::/run/sshd:/usr/sbin/nologin'; } > "$ssh/passwd"
mount --bind "$ssh/passwd" /etc/passwd
mkdir -p /run/sshd "$ssh/home"
{ echo "export PATH=$PATH"; env | grep -E '^(SSL_CERT_FILE|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE)=' | sed 's/^/export /'; } > "$ssh/home/.bashrc"
"$ssh/root/usr/sbin/sshd" -D -e -f "$ssh/config" 2>"$ssh/log" &
server=$!
unset LD_LIBRARY_PATH
export HOME=$ssh/home
code=0
"$@" || code=$?
kill $server
exit $code
"#;

/// Ray's own description of a cluster that is one machine.
pub fn cluster_file(project: &Path) -> String {
    let ssh = project.join(FOLDER);
    format!(
        "cluster_name: on-premise\nprovider: {{type: local, head_ip: 127.0.0.1, worker_ips: []}}\n\
         auth: {{ssh_user: root, ssh_private_key: {}}}\nmin_workers: 0\nmax_workers: 0\n\
         head_start_ray_commands:\n  - ray start --head --port=6379 --node-ip-address 127.0.0.1 --disable-usage-stats \
         --autoscaling-config=~/ray_bootstrap_config.yaml\n",
        ssh.join("key").display()
    )
}

/// Unpacks the server and makes keys.
pub fn prepare(project: &Path) -> Result<(), String> {
    let folder = project.join(FOLDER);
    let script = format!(
        "set -eu\nmkdir -p root\napt-get download -qq openssh-server libwrap0\nfor file in *.deb; do dpkg -x $file root; done\n\
         ssh-keygen -q -t ed25519 -N '' -f key\nssh-keygen -q -t ed25519 -N '' -f host\n\
         printf '%s\\n' 'Port 22' 'ListenAddress 127.0.0.1' 'HostKey {0}/host' 'AuthorizedKeysFile {0}/key.pub' \
         'StrictModes no' 'UsePAM no' 'PidFile none' > config\n",
        folder.display()
    );
    std::fs::create_dir(&folder).map_err(|error| error.to_string())?;
    std::fs::write(project.join("with-server.sh"), WITH_SERVER).map_err(|error| error.to_string())?;
    let output = Command::new("sh").arg("-c").arg(script).current_dir(&folder).output();
    let output = output.map_err(|error| error.to_string())?;
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}
