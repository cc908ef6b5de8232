//! The keeper of sign-ins at the other end of a link, and the same seen from the hub.

use super::{Arrival, Keeper, Standing};
use crate::{
    Ids, Municipality, Role, Terminal, Zone,
    link::{Asked, LinkClient, Operations, Unanswered},
    staff::Person,
    terminal::Device,
    tls::Fingerprint,
};
use anyhow::Context;
use futures_util::{FutureExt, future::BoxFuture};
use std::sync::Arc;
use uuid::Uuid;
use wire::v1::{
    self, CheckLink, CheckSignIn, EndSignIn, FaultCode, LinkState, Operation, RedeemTicket, SignInCheck,
    SignInEnd, SignInEnded, SignInState, System, Ticket, TicketAnswer, TicketArrival,
};

/// The hub, asked over a link.
#[derive(Clone)]
pub struct LinkKeeper {
    pub client: LinkClient,
    pub ids: Ids,
}

impl LinkKeeper {
    async fn ask<Op: Operation>(
        &self,
        municipality: Municipality,
        request: Op::Request,
    ) -> anyhow::Result<Op::Answer> {
        let envelope = self.client.envelope::<Op>(municipality, None, self.ids.next(), request)?;
        Ok(self.client.call::<Op>(&envelope).await?)
    }
}

impl Keeper for LinkKeeper {
    fn redeem<'a>(
        &'a self,
        municipality: Municipality,
        // The hub reads from our certificate which system we are.
        _system: &'a str,
        ticket: &'a str,
    ) -> BoxFuture<'a, anyhow::Result<Option<Arrival>>> {
        async move {
            let request = Ticket { ticket: ticket.to_owned() };
            let answer = self.ask::<RedeemTicket>(municipality, request).await?;
            let Some(TicketArrival { standing, state }) = answer.arrival else { return Ok(None) };
            Ok(Some(Arrival { standing: read(standing)?, state }))
        }
        .boxed()
    }

    fn check(
        &self,
        municipality: Municipality,
        sign_in_id: Uuid,
        in_use: bool,
    ) -> BoxFuture<'_, anyhow::Result<Option<Standing>>> {
        async move {
            let request = SignInCheck { sign_in_id, in_use };
            self.ask::<CheckSignIn>(municipality, request).await?.standing.map(read).transpose()
        }
        .boxed()
    }

    fn end(&self, municipality: Municipality, sign_in_id: Uuid) -> BoxFuture<'_, anyhow::Result<()>> {
        async move {
            self.ask::<EndSignIn>(municipality, SignInEnd { sign_in_id }).await?;
            Ok(())
        }
        .boxed()
    }
}

fn read(standing: v1::Standing) -> anyhow::Result<Standing> {
    let zone = Zone::from_code(&standing.zone).context("the hub named a zone that is not known here")?;
    let device = standing.terminal.as_ref().map(|terminal| {
        let fingerprint = Fingerprint::parse(&terminal.fingerprint);
        let fingerprint = fingerprint.context("the hub named a certificate that is none")?;
        anyhow::Ok(Device { name: terminal.name.clone(), fingerprint })
    });
    Ok(Standing {
        sign_in_id: standing.sign_in_id,
        person: Person {
            staff_id: standing.staff_id,
            login: standing.login,
            name: standing.name,
            section: standing.section,
            // A role that this version does not know carries no right here.
            roles: standing.roles.iter().filter_map(|code| Role::from_code(code)).collect(),
        },
        terminal: Terminal { zone, id: standing.terminal.map(|terminal| terminal.terminal_id) },
        device: device.transpose()?,
        stepped_up_at: standing.stepped_up_at,
    })
}

fn write(standing: Standing) -> v1::Standing {
    let terminal = standing.terminal.id.zip(standing.device).map(|(terminal_id, device)| v1::Terminal {
        terminal_id,
        name: device.name,
        fingerprint: device.fingerprint.to_string(),
    });
    v1::Standing {
        sign_in_id: standing.sign_in_id,
        staff_id: standing.person.staff_id,
        login: standing.person.login,
        name: standing.person.name,
        section: standing.person.section,
        roles: standing.person.roles.iter().map(|role| role.code().to_owned()).collect(),
        zone: standing.terminal.zone.code().to_owned(),
        terminal,
        stepped_up_at: standing.stepped_up_at,
    }
}

/// What the hub answers the systems about their staff.
pub fn operations(keeper: Arc<dyn Keeper>, program_version: &'static str) -> Operations {
    let (redeem, check, end) = (Arc::clone(&keeper), Arc::clone(&keeper), keeper);
    Operations::new()
        .on::<CheckLink, _>(move |_| async move {
            Ok(LinkState { system: System::Hub, program_version: program_version.to_owned() })
        })
        .on::<RedeemTicket, _>(move |asked| {
            let keeper = Arc::clone(&redeem);
            async move {
                let ticket = &asked.envelope.request.ticket;
                let arrival = keeper.redeem(of(&asked)?, asked.by.code(), ticket).await?;
                let arrival = arrival
                    .map(|arrival| TicketArrival { standing: write(arrival.standing), state: arrival.state });
                Ok(TicketAnswer { arrival })
            }
        })
        .on::<CheckSignIn, _>(move |asked| {
            let keeper = Arc::clone(&check);
            async move {
                let SignInCheck { sign_in_id, in_use } = asked.envelope.request;
                let standing = keeper.check(of(&asked)?, sign_in_id, in_use).await?;
                Ok(SignInState { standing: standing.map(write) })
            }
        })
        .on::<EndSignIn, _>(move |asked| {
            let keeper = Arc::clone(&end);
            async move {
                keeper.end(of(&asked)?, asked.envelope.request.sign_in_id).await?;
                Ok(SignInEnded {})
            }
        })
}

fn of<Op: Operation>(asked: &Asked<Op>) -> Result<Municipality, Unanswered> {
    i32::try_from(asked.envelope.municipality.as_u32())
        .map(Municipality)
        .map_err(|_| Unanswered::Fault(FaultCode::UnknownMunicipality))
}
