//! Where an owner may serve a port, and how they may be reached: URLs on named hosts, without credentials.

use crate::{diagnostic::shown, model::Format};

/// Fails with what is wrong with `endpoint` as the place where data of `format` is served.
///
/// Hosts must be names of a domain name system, since an address such as `169.254.169.254` or `localhost` leads readers into their own network.
pub fn check_endpoint(format: Format, endpoint: &str) -> Result<(), String> {
    let allowed: &[&str] = match format {
        Format::Http => &["https"],
        Format::Sql => &["https", "jdbc", "postgresql", "mysql", "redshift", "athena", "trino", "snowflake"],
        Format::Kafka => &["kafka", "kafkas"],
        Format::Iceberg | Format::Parquet | Format::Csv | Format::Json => &[],
    };
    let wrong_scheme = || {
        let schemes: Vec<_> = allowed.iter().map(|scheme| format!("`{scheme}:`")).collect();
        format!(
            "`{}` has not a scheme of `{}` ports: write a URL that starts with {}",
            shown(endpoint),
            format.as_str(),
            schemes.join(", ")
        )
    };
    let (scheme, rest) = endpoint.split_once(':').ok_or_else(wrong_scheme)?;
    if !allowed.contains(&scheme) {
        return Err(wrong_scheme());
    }
    let rest = match scheme {
        "jdbc" => rest
            .split_once(':')
            .filter(|(driver, _)| !driver.is_empty())
            .map(|(_, rest)| rest)
            .ok_or_else(wrong_scheme)?,
        _ => rest,
    };
    let locator = rest
        .strip_prefix("//")
        .ok_or_else(|| format!("`{}` names no host: write `//` and a host after the scheme", shown(endpoint)))?;
    no_credentials(locator)?;
    let (authority, _) = locator.split_once(['/', '?', '#', ';']).unwrap_or((locator, ""));
    let port_needed = format == Format::Kafka;
    let hosts: Vec<&str> = if port_needed { authority.split(',').collect() } else { vec![authority] };
    hosts.into_iter().try_for_each(|host| check_host_and_port(host, port_needed))
}

/// Fails with what is wrong with `contact`, which must be an e-mail address or an https URL.
pub fn check_contact(contact: &str) -> Result<(), String> {
    let neither = || format!("`{}` is neither an e-mail address nor an https URL", shown(contact));
    if let Some(locator) = contact.strip_prefix("https://") {
        no_credentials(locator)?;
        let (authority, _) = locator.split_once(['/', '?', '#']).unwrap_or((locator, ""));
        return check_host_and_port(authority, false);
    }
    let (mailbox, host) = contact.strip_prefix("mailto:").unwrap_or(contact).split_once('@').ok_or_else(neither)?;
    let is_mailbox = !mailbox.is_empty()
        && mailbox.len() <= 64
        && !mailbox.starts_with('.')
        && !mailbox.ends_with('.')
        && mailbox.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~.-".contains(&b));
    if !is_mailbox || host.contains(':') {
        return Err(neither());
    }
    check_host(host)
}

fn no_credentials(locator: &str) -> Result<(), String> {
    if locator.chars().any(|c| c.is_whitespace() || c == '\\') {
        return Err("a URL holds no blanks and no backslashes".to_owned());
    }
    let lower = locator.to_ascii_lowercase();
    let secret = ["password=", "passwd=", "pwd=", "secret=", "token=", "apikey=", "api_key=", "access_key="]
        .iter()
        .any(|key| lower.contains(key));
    let (authority, _) = locator.split_once(['/', '?', '#']).unwrap_or((locator, ""));
    if secret || authority.contains('@') {
        return Err(
            "the URL holds a credential: a manifest is public, so readers must get credentials elsewhere".to_owned()
        );
    }
    Ok(())
}

fn check_host_and_port(authority: &str, port_needed: bool) -> Result<(), String> {
    if authority.starts_with('[') {
        return Err(format!("`{}` is an address: write the host's name", shown(authority)));
    }
    let (host, port) = match authority.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    };
    match port {
        Some(port) if !port.bytes().all(|b| b.is_ascii_digit()) || !port.parse::<u16>().is_ok_and(|port| port > 0) => {
            return Err(format!("`{}` is not a port number", shown(port)));
        }
        None if port_needed => return Err(format!("`{}` has no port number: write `host:9092`", shown(host))),
        _ => {}
    }
    check_host(host)
}

fn check_host(host: &str) -> Result<(), String> {
    let name = host.strip_suffix('.').unwrap_or(host);
    let labels: Vec<&str> = name.split('.').collect();
    let is_label = |label: &&str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    if name.len() > 253 || !labels.iter().all(is_label) {
        return Err(format!("`{}` is not a host name", shown(host)));
    }
    let last = labels.last().copied().unwrap_or_default().to_ascii_lowercase();
    // Hosts that end in a number are addresses to URL parsers, in decimal, octal or hexadecimal.
    if last.bytes().all(|b| b.is_ascii_digit())
        || last.strip_prefix("0x").is_some_and(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()))
    {
        return Err(format!("`{}` is an address: write the host's name", shown(host)));
    }
    let lower = name.to_ascii_lowercase();
    if labels.len() < 2
        || matches!(last.as_str(), "localhost" | "localdomain" | "local")
        || lower == "metadata.google.internal"
        || lower.ends_with(".ec2.internal")
        || lower.ends_with(".compute.internal")
    {
        return Err(format!(
            "`{}` is known on its own network only: write a full host name, such as `data.example.org`",
            shown(host)
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_urls_on_named_hosts() {
        for (format, endpoint) in [
            (Format::Http, "https://api.example.org/flights"),
            (Format::Http, "https://api.example.org:8443"),
            (Format::Sql, "jdbc:postgresql://db.example.org:5432/flights"),
            (Format::Sql, "redshift://cluster.abc.eu-central-1.redshift.amazonaws.com:5439/dev"),
            (Format::Kafka, "kafka://broker-1.example.org:9092,broker-2.example.org:9092/flights"),
        ] {
            assert_eq!(check_endpoint(format, endpoint), Ok(()), "{endpoint}");
        }
    }

    #[test]
    fn refuses_other_schemes_addresses_local_names_and_credentials() {
        for (format, endpoint) in [
            (Format::Http, "http://api.example.org"),
            (Format::Http, "api.example.org"),
            (Format::Http, "file:///etc/passwd"),
            (Format::Http, "https:api.example.org"),
            (Format::Http, "https://"),
            (Format::Http, "https://localhost/x"),
            (Format::Http, "https://LOCALHOST./x"),
            (Format::Http, "https://app.localhost"),
            (Format::Http, "https://api"),
            (Format::Http, "https://127.0.0.1"),
            (Format::Http, "https://169.254.169.254/latest"),
            (Format::Http, "https://2130706433"),
            (Format::Http, "https://0x7f.0x1"),
            (Format::Http, "https://[::1]/"),
            (Format::Http, "https://[fe80::1]/"),
            (Format::Http, "https://metadata.google.internal/"),
            (Format::Http, "https://instance-data.ec2.internal/latest"),
            (Format::Sql, "postgresql://ip-10-0-0-1.eu-west-1.compute.internal:5432/x"),
            (Format::Http, "https://me:pw@api.example.org"),
            (Format::Http, "https://api.example.org\\@evil.example.com"),
            (Format::Http, "https://api.example.org:0"),
            (Format::Http, "https://api.example.org:99999"),
            (Format::Http, "https://exämple.org"),
            (Format::Sql, "jdbc:postgresql://db.example.org/x?user=a&password=b"),
            (Format::Sql, "jdbc:sqlite:/tmp/x"),
            (Format::Kafka, "kafka://broker.example.org"),
            (Format::Kafka, "kafka://broker.example.org:9092,10.0.0.1:9092"),
            (Format::Kafka, "https://broker.example.org:9092"),
        ] {
            assert!(check_endpoint(format, endpoint).is_err(), "{endpoint}");
        }
    }

    #[test]
    fn contacts_are_mailboxes_or_pages() {
        for good in [
            "flight-ops@example.org",
            "a.b+c@mail.example.org",
            "mailto:a@example.org",
            "https://wiki.example.org/teams/ops",
        ] {
            assert_eq!(check_contact(good), Ok(()), "{good}");
        }
        for bad in [
            "",
            "Flight Operations",
            "a@b",
            "@example.org",
            "a b@example.org",
            "a@exa mple.org",
            "http://example.org",
            "a@b@example.org",
            "#ops",
        ] {
            assert!(check_contact(bad).is_err(), "{bad}");
        }
    }
}
