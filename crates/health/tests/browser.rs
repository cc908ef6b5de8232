//! A person at a browser: signs in, opens pages, sends forms with their token.

use crate::support::Stage;
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, StatusCode, header},
};
use kit::{Municipality, Role};
use tower::ServiceExt as _;

pub struct Browser {
    router: Router,
    cookie: String,
}

pub struct Page {
    pub status: StatusCode,
    pub location: String,
    pub disposition: String,
    pub bytes: Vec<u8>,
}

impl Page {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// The value of a hidden field.
    pub fn field(&self, name: &str) -> String {
        let text = self.text();
        let begin = format!("name=\"{name}\" value=\"");
        let rest = text.split_once(&begin).unwrap_or_else(|| panic!("no field {name} in {text}")).1;
        rest.split('"').next().unwrap().to_owned()
    }
}

impl Stage {
    /// Signs in somebody whom [`Stage::staff`] has added.
    pub async fn browser(&self, municipality: Municipality, role: Role) -> Browser {
        let kit = &self.app.kit;
        let staff_id = self.staff(municipality, role).await.staff_id;
        let (cookie, _) = kit::testing::staff::sign_in(kit, municipality, staff_id).await;
        Browser { router: health::router(self.app.clone()), cookie }
    }
}

impl Browser {
    async fn send(&self, request: Request<Body>) -> Page {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let text = |name| {
            response.headers().get(name).map_or(String::new(), |value| value.to_str().unwrap().to_owned())
        };
        let (location, disposition) = (text(header::LOCATION), text(header::CONTENT_DISPOSITION));
        let status = response.status();
        let bytes = to_bytes(response.into_body(), 64 << 20).await.unwrap().to_vec();
        Page { status, location, disposition, bytes }
    }

    pub async fn get(&self, path: &str) -> Page {
        let request = Request::get(path).header(header::COOKIE, &self.cookie);
        self.send(request.body(Body::empty()).unwrap()).await
    }

    /// Sends a form. The token comes from the page at `from`.
    pub async fn post(&self, from: &str, path: &str, fields: &[(&str, &str)]) -> Page {
        let token = self.get(from).await.field("csrf");
        let mut body = format!("csrf={token}");
        for (name, value) in fields {
            let encoded: String = value.bytes().map(|byte| format!("%{byte:02X}")).collect();
            body.push_str(&format!("&{name}={encoded}"));
        }
        let request = Request::post(path)
            .header(header::COOKIE, &self.cookie)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request.body(Body::from(body)).unwrap()).await
    }

    /// Sends a form with a file. The token comes from the page at `path`.
    pub async fn upload(&self, path: &str, fields: &[(&str, &str)], file: (&str, &str, &[u8])) -> Page {
        const LINE: &str = "form-line-7f3a";
        let token = self.get(path).await.field("csrf");
        let mut body = Vec::new();
        for (name, value) in [("csrf", token.as_str())].iter().chain(fields) {
            let part =
                format!("--{LINE}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
            body.extend(part.bytes());
        }
        let (name, file_name, content) = file;
        let head = format!(
            "--{LINE}\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{file_name}\"\r\nContent-Type: text/csv\r\n\r\n"
        );
        body.extend(head.bytes());
        body.extend(content);
        body.extend(format!("\r\n--{LINE}--\r\n").bytes());
        let request = Request::post(path)
            .header(header::COOKIE, &self.cookie)
            .header(header::CONTENT_TYPE, format!("multipart/form-data; boundary={LINE}"));
        self.send(request.body(Body::from(body)).unwrap()).await
    }
}
