//! The floor: nginx that answers the same requests with 200 and nothing else, if it is installed.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::process::{free_port, until};

/// A running nginx.
pub struct Floor {
    /// Where it listens.
    pub address: SocketAddr,
    child: Child,
}

impl Floor {
    /// Starts it in a folder. `None` where there is no nginx.
    pub async fn start(folder: &Path) -> Option<Self> {
        let port = free_port();
        let at = folder.display();
        let text = format!(
            "daemon off; master_process on; worker_processes auto; pid {at}/nginx.pid; error_log {at}/nginx.log;\n\
             events {{ worker_connections 1024; }}\n\
             http {{ access_log off; keepalive_requests 100000000; client_body_temp_path {at}/body; proxy_temp_path {at}/proxy;\n\
             fastcgi_temp_path {at}/fastcgi; uwsgi_temp_path {at}/uwsgi; scgi_temp_path {at}/scgi;\n\
             server {{ listen 127.0.0.1:{port}; location / {{ return 200; }} }} }}\n"
        );
        let file = folder.join("nginx.conf");
        fs::write(&file, text).unwrap();
        let child = Command::new("nginx").arg("-c").arg(&file).stdout(Stdio::null()).stderr(Stdio::null()).spawn().ok()?;
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let floor = Self { address, child };
        until("nginx listens", || std::net::TcpStream::connect(address).is_ok()).await;
        Some(floor)
    }
}

impl Drop for Floor {
    fn drop(&mut self) {
        let _ = Command::new("kill").args(["-QUIT", &self.child.id().to_string()]).status();
        let _ = self.child.wait();
    }
}
