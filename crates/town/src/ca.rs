//! A certification authority for the demo and for tests: systems, doors and terminals get their certificates here.
//!
//! A real installation brings certificates of its own authority (manual, 証明書). This one exists so that a newcomer
//! has real mutual TLS after one command, and so that tests have certificates that must be refused.

use anyhow::Context;
use jiff::civil::Date;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, SanType, date_time_ymd,
};
use std::{
    fs,
    io::Write,
    net::{IpAddr, Ipv4Addr},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

/// A certificate with its key, in PEM.
pub struct Issued {
    pub certificate: String,
    pub key: String,
}

/// First and last day of a certificate.
#[derive(Clone, Copy, Debug)]
pub struct Validity {
    pub from: Date,
    pub until: Date,
}

/// 認証局: an authority that lives in memory.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    validity: Validity,
}

impl Authority {
    /// A new authority; what it issues is valid as long as itself, unless said otherwise.
    pub fn new(name: &str, validity: Validity) -> anyhow::Result<Authority> {
        let mut params = params(name, validity);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
        Ok(Authority { issuer, validity })
    }

    /// The authority's own certificate, in PEM.
    pub fn certificate(&self) -> String {
        self.issuer.pem()
    }

    /// Of a door that browsers open: `localhost` and this machine's loopback address.
    pub fn door(&self) -> anyhow::Result<Issued> {
        let mut params = params("localhost", self.validity);
        params.subject_alt_names = vec![
            SanType::DnsName("localhost".try_into()?),
            SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        ];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        self.issue(params)
    }

    /// Of a system: it opens doors to other systems and knocks at theirs under the same name.
    pub fn system(&self, tls_name: &str) -> anyhow::Result<Issued> {
        self.system_valid(tls_name, self.validity)
    }

    /// Likewise, with its own days (an expired one for a test).
    pub fn system_valid(&self, tls_name: &str, validity: Validity) -> anyhow::Result<Issued> {
        let mut params = params(tls_name, validity);
        params.subject_alt_names = vec![SanType::DnsName(tls_name.try_into()?)];
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        self.issue(params)
    }

    /// Of a terminal (端末証明書): good for knocking only, and it names no system.
    pub fn terminal(&self, name: &str) -> anyhow::Result<Issued> {
        self.terminal_valid(name, self.validity)
    }

    pub fn terminal_valid(&self, name: &str, validity: Validity) -> anyhow::Result<Issued> {
        let mut params = params(name, validity);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        self.issue(params)
    }

    fn issue(&self, mut params: CertificateParams) -> anyhow::Result<Issued> {
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.issuer)?;
        Ok(Issued { certificate: certificate.pem(), key: key.serialize_pem() })
    }
}

fn params(name: &str, validity: Validity) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    let at =
        |day: Date| date_time_ymd(day.year().into(), day.month().unsigned_abs(), day.day().unsigned_abs());
    params.not_before = at(validity.from);
    params.not_after = at(validity.until);
    params
}

impl Issued {
    /// Writes `{name}.pem` and `{name}.key.pem` (readable by the owner only) into a folder made with 0700.
    pub fn write(&self, folder: &Path, name: &str) -> anyhow::Result<(PathBuf, PathBuf)> {
        make_folder(folder)?;
        let (certificate, key) = (folder.join(format!("{name}.pem")), folder.join(format!("{name}.key.pem")));
        write_private(&certificate, &self.certificate)?;
        write_private(&key, &self.key)?;
        Ok((certificate, key))
    }
}

/// Writes the roots that a door or a client trusts.
pub fn write_roots(folder: &Path, name: &str, authorities: &[&Authority]) -> anyhow::Result<PathBuf> {
    make_folder(folder)?;
    let path = folder.join(format!("{name}.pem"));
    write_private(&path, &authorities.iter().map(|authority| authority.certificate()).collect::<String>())?;
    Ok(path)
}

fn make_folder(folder: &Path) -> anyhow::Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .with_context(|| format!("{} を作れません", folder.display()))
}

fn write_private(path: &Path, text: &str) -> anyhow::Result<()> {
    // A file left from before keeps its mode: begin anew.
    fs::remove_file(path).ok();
    let mut options = fs::OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("{} に書けません", path.display()))?;
    file.write_all(text.as_bytes())?;
    Ok(())
}
