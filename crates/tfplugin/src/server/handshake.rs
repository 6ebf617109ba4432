//! go-plugin's handshake: environment variables from Terraform, one line of text in answer.

use std::ffi::OsString;
use std::fs::Permissions;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use tempfile::TempDir;
use tokio::net::UnixListener;

/// The cookie by which every Terraform provider knows that Terraform started it; public, no secret.
const COOKIE: (&str, &str) =
    ("TF_PLUGIN_MAGIC_COOKIE", "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2");
/// The major version of Terraform's plugin protocol.
const PROTOCOL: &str = "6";
/// A socket's path must fit 104 bytes on macOS, 108 on Linux.
const MAX_SOCKET_PATH: usize = 100;

/// What Terraform says when it starts a provider.
pub(super) struct Invitation {
    pub client_certificate: CertificateDer<'static>,
    /// Where Terraform wants the socket, if it cares.
    pub socket_folder: Option<PathBuf>,
}

impl Invitation {
    /// Reads the process's environment. The error is for whoever started the program.
    pub fn from_env() -> Result<Self, String> {
        Self::read(|name| std::env::var_os(name))
    }

    fn read(variable: impl Fn(&str) -> Option<OsString>) -> Result<Self, String> {
        let text = |name: &str| variable(name).and_then(|value| value.into_string().ok());
        let (name, cookie) = COOKIE;
        if text(name).as_deref() != Some(cookie) {
            return Err("This program is a Terraform provider: it is started by Terraform, not by hand.\n\
                        Put it into a filesystem mirror or a registry and name it in `required_providers`."
                .to_owned());
        }
        let offered = text("PLUGIN_PROTOCOL_VERSIONS").unwrap_or_else(|| PROTOCOL.to_owned());
        if !offered.split(',').any(|version| version.trim() == PROTOCOL) {
            return Err(format!(
                "this provider speaks plugin protocol {PROTOCOL} and the program that started it only `{offered}`: use Terraform 1.11 or later"
            ));
        }
        let pem = text("PLUGIN_CLIENT_CERT")
            .ok_or("`PLUGIN_CLIENT_CERT` is not set: this provider speaks mutual TLS only")?;
        let client_certificate = CertificateDer::from_pem_slice(pem.as_bytes())
            .map_err(|error| format!("`PLUGIN_CLIENT_CERT` is not a PEM certificate: {error}"))?;
        let socket_folder = variable("PLUGIN_UNIX_SOCKET_DIR").filter(|folder| !folder.is_empty()).map(PathBuf::from);
        Ok(Self { client_certificate, socket_folder })
    }
}

/// The answer: versions, the socket, the transport, and the certificate that the server will show.
pub(super) fn line(socket: &Path, certificate: &CertificateDer<'_>) -> String {
    format!("1|{PROTOCOL}|unix|{}|grpc|{}", socket.display(), STANDARD_NO_PAD.encode(certificate))
}

/// A listening socket in a folder that only this user may enter; both vanish with it.
pub(super) struct Socket {
    pub listener: UnixListener,
    pub path: PathBuf,
    _folder: TempDir,
}

impl Socket {
    pub fn bind(folder: Option<&Path>) -> io::Result<Self> {
        let mut builder = tempfile::Builder::new();
        builder.prefix("plugin-").permissions(Permissions::from_mode(0o700));
        // Whoever may reach the socket may try to speak to the provider.
        let mut folder = folder.map_or_else(|| builder.tempdir(), |parent| builder.tempdir_in(parent))?;
        if folder.path().join("socket").as_os_str().as_bytes().len() > MAX_SOCKET_PATH {
            folder = builder.tempdir_in("/tmp")?;
        }
        let path = folder.path().join("socket");
        Ok(Self { listener: UnixListener::bind(&path)?, path, _folder: folder })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Invitation, String> {
        Invitation::read(|name| variables.iter().find(|(n, _)| *n == name).map(|(_, value)| value.into()))
    }

    fn certificate() -> String {
        let certificate = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap().cert;
        let base64 = base64::engine::general_purpose::STANDARD.encode(certificate.der());
        format!("-----BEGIN CERTIFICATE-----\n{base64}\n-----END CERTIFICATE-----\n")
    }

    #[test]
    fn started_by_hand_it_explains_itself() {
        assert!(read(&[]).err().unwrap().contains("started by Terraform"));
        assert!(read(&[(COOKIE.0, "wrong")]).err().unwrap().contains("started by Terraform"));
    }

    #[test]
    fn only_protocol_6_with_mutual_tls_is_spoken() {
        let pem = certificate();
        assert!(read(&[COOKIE, ("PLUGIN_PROTOCOL_VERSIONS", "5")]).err().unwrap().contains("protocol 6"));
        assert!(read(&[COOKIE, ("PLUGIN_PROTOCOL_VERSIONS", "5,6")]).err().unwrap().contains("mutual TLS"));
        assert!(read(&[COOKIE, ("PLUGIN_CLIENT_CERT", "nonsense")]).err().unwrap().contains("not a PEM certificate"));
        assert!(read(&[COOKIE, ("PLUGIN_PROTOCOL_VERSIONS", "5,6"), ("PLUGIN_CLIENT_CERT", &pem)]).is_ok());
    }

    #[tokio::test]
    async fn the_socket_is_private_and_vanishes() {
        let socket = Socket::bind(None).unwrap();
        let folder = socket.path.parent().unwrap().to_owned();
        assert_eq!(std::fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
        drop(socket);
        assert!(!folder.exists());
        let long = tempfile::tempdir().unwrap();
        let long = long.path().join("x".repeat(120));
        std::fs::create_dir(&long).unwrap();
        assert!(Socket::bind(Some(&long)).is_ok());
    }
}
