//! Nodes: what each has of its own, whom it reaches, and its SSH service.

use super::*;

#[test]
fn a_node_has_its_address_its_root_and_ray() {
    for_every_user(|bench| {
        bench.up();
        let script = "echo hi; ip -4 -o addr show eth0; mv /root_copy/{.bashrc,.profile,.config,.local,venv} /root && \
                      source /root/.bashrc && command -v ray && ray && python -c 'import ray; print(ray.__file__)' && \
                      touch $VIRTUAL_ENV/written && ls -d /home/* /root/* 2> /dev/null; cat /proc/1/comm";
        let output = bench.on_node(&[], script);
        let said = text(&output.stdout);
        assert!(output.status.success(), "{said}{}", text(&output.stderr));
        let lines: Vec<&str> = said.lines().collect();
        assert_eq!(lines[0], "hi");
        assert!(lines[1].contains("inet 192.168.0.3/16"), "{}", lines[1]);
        assert_eq!(
            lines[2..],
            [
                "/root/venv/bin/ray",
                "ray runs",
                "/opt/golem/site-packages/ray/__init__.py",
                "/root/venv",
                "init"
            ]
        );
    });
}

#[test]
fn a_node_cannot_write_to_the_machine_or_see_the_requestors_network() {
    for_every_user(|bench| {
        bench.up();
        let script = "touch /usr/written; touch /opt/golem/site-packages/written; ls /etc/shadow; \
                      ls /sys/class/net; ip route; test -e /tmp/golem-outbound || echo own /tmp";
        let output = bench.on_node(&[], script);
        assert_eq!(
            text(&output.stdout),
            "eth0\nlo\n192.168.0.0/16 dev eth0 proto kernel scope link src 192.168.0.3 \nown /tmp\n"
        );
        assert_eq!(text(&output.stderr).matches("Read-only file system").count(), 2);
    });
}

#[test]
fn a_port_of_a_node_is_reached_over_the_vpn() {
    for_every_user(|bench| {
        bench.up();
        let server = "import os, socket\ns = socket.create_server(('', 7000))\nif os.fork() == 0:\n  \
                      c, peer = s.accept()\n  c.sendall(peer[0].encode())\n";
        let output = bench.on_node(&["--connect", "7000"], &format!("python3 -c \"{server}\""));
        assert_eq!(text(&output.stdout), "192.168.0.1", "{}", text(&output.stderr));
        let closed = bench.on_node(&["--connect", "7001"], "true");
        assert!(text(&closed.stderr).contains("failed to connect to the node: Connection refused"));
    });
}

#[test]
fn nodes_reach_each_other_and_all_end() {
    for_every_user(|bench| {
        bench.up();
        let script = "exec 3<> /dev/tcp/192.168.0.4/22 && echo reached; cat < /dev/tcp/192.168.0.5/22";
        let output = bench.on_node(&["--peer"], script);
        assert_eq!(text(&output.stdout), "reached\n", "{}", text(&output.stderr));
        assert!(text(&output.stderr).contains("No route to host"), "{}", text(&output.stderr));
        assert_eq!(
            bench.shell("cat /proc/[0-9]*/cmdline | tr '\\0' ' ' | grep -c -- '--pla[n]' || true"),
            "0\n"
        );
    });
}

#[test]
fn nodes_of_another_cluster_are_not_reached() {
    for_every_user(|bench| {
        bench.up();
        let output = bench.on_node(&["--stranger"], "cat < /dev/tcp/192.168.0.4/22");
        assert_eq!((text(&output.stdout).as_str(), output.status.code()), ("", Some(1)));
        assert!(text(&output.stderr).contains("No route to host"), "{}", text(&output.stderr));
    });
}

#[test]
fn the_ssh_service_listens_when_its_command_returns() {
    for_every_user(|bench| {
        bench.up();
        let script = "service ssh status; service ssh start && service ssh status && service ssh restart && \
                      grep -c ':0016 00000000:0000 0A' /proc/net/tcp; service other start";
        let output = bench.on_node(&[], script);
        let start = "Starting OpenBSD Secure Shell server: sshd.";
        assert_eq!(text(&output.stdout), format!("{start}\nsshd is running.\n{start}\n1\n"));
        assert_eq!(text(&output.stderr), "sshd is not running ... failed!\nother: unrecognized service\n");
        assert_eq!(output.status.code(), Some(1));
    });
}
