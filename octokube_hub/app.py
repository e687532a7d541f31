"""Composes the hub."""

import asyncio
import datetime
import importlib.metadata
from urllib.parse import urljoin

import structlog

from octokube.runtime.clock import Clock, SystemClock
from octokube.runtime.enrolling import Kind
from octokube.runtime.errors import UserError
from octokube.runtime.tasks import Tasks
from octokube_hub.api import (
    admin_service,
    agent_service,
    cluster_service,
    enrolment_service,
    gateway_service,
    identity_service,
    operation_service,
)
from octokube_hub.api.admin_service import AdminServicer
from octokube_hub.api.agent_service import AgentServicer
from octokube_hub.api.callers import Callers
from octokube_hub.api.cluster_service import ClusterServicer
from octokube_hub.api.crowd import Crowd
from octokube_hub.api.device_methods import DeviceMethods
from octokube_hub.api.enrolment_service import EnrolmentServicer
from octokube_hub.api.feed_service import FeedService
from octokube_hub.api.gateway_gate import GatewayGate
from octokube_hub.api.gateway_service import GatewayServicer
from octokube_hub.api.identity_service import IdentityServicer
from octokube_hub.api.inprocess import InProcessFeed
from octokube_hub.api.operation_service import OperationLinkServicer, OperationService, OperationServicer
from octokube_hub.api.password_methods import PasswordMethods
from octokube_hub.api.recordings import Recordings
from octokube_hub.api.server import GrpcServer
from octokube_hub.api.signin_methods import SignInMethods
from octokube_hub.api.status import HubStatus
from octokube_hub.api.token_methods import TokenMethods
from octokube_hub.broker.agents import AgentPorts
from octokube_hub.broker.broker import Broker
from octokube_hub.broker.deciding import Decider
from octokube_hub.broker.outcomes import Outcomes
from octokube_hub.fanout.clusters import Fanout
from octokube_hub.fanout.resume import KEY_BYTES, Sealer
from octokube_hub.fanout.sessions import Sessions
from octokube_hub.identity import AgentAccess, Authenticator, Leases, issue_agent_credential, issue_token, sessiontokens
from octokube_hub.identity.agents import Certificates
from octokube_hub.identity.ca import Authority, HubCertificate
from octokube_hub.identity.devices import Devices
from octokube_hub.identity.enrolment import Enrolment
from octokube_hub.identity.leases import keep_checking
from octokube_hub.identity.oidc import Provider
from octokube_hub.identity.passwords import LocalAccounts
from octokube_hub.identity.sessiontokens import Seal, SessionTokens
from octokube_hub.identity.signin import SignIn
from octokube_hub.observing.endpoint import MetricsEndpoint
from octokube_hub.observing.metrics import HubCollector, Sources
from octokube_hub.policy import PolicyAlarm, PolicyEngine, PolicyError, PolicySet
from octokube_hub.recording import Recorder
from octokube_hub.recording.retention import keep_within
from octokube_hub.replica import Registry
from octokube_hub.settings import HubSettings
from octokube_hub.store import (
    AgentCredentials,
    AuditEntry,
    AuditLog,
    Database,
    EnrolledRecords,
    Keys,
    People,
    PolicyRevisions,
    RecordedSession,
    RecordedSessions,
    SessionRecords,
    StoreError,
    Tokens,
)

log = structlog.get_logger(__name__)

RETRY_AFTER_SECONDS = 2.0
RECORD_RETRY_SECONDS = 0.5
"""How long peers are asked to stay away at a drain: about as long as a restart takes."""
MAX_MESSAGE_LENGTH = 2_000
GRACE_SECONDS = 2.0
RECORDINGS_FOLDER = "recordings"


class Hub:
    """One hub: replicas of clusters, policy, and everybody's streams. Can be composed into another program.

    ``start`` returns when it serves; ``run`` until it is told to stop; ``close`` stops in this order: health says so,
    agents and subscribers are asked to come back later, the port closes, tasks end, the policy engine stops, the store
    finishes what was handed to it.
    """

    def __init__(self, settings: HubSettings, *, clock: Clock | None = None) -> None:
        self.settings = settings
        self._clock = clock or SystemClock()
        self._database = Database(settings.data)
        self._tokens = Tokens(self._database)
        self._credentials = AgentCredentials(self._database)
        self._agent_records = EnrolledRecords(self._database)
        self._gateway_records = EnrolledRecords(self._database, Kind.GATEWAY)
        self._audit = AuditLog(self._database)
        self._revisions = PolicyRevisions(self._database)
        self._people = People(self._database)
        self._session_records = SessionRecords(self._database)
        self._recorded_sessions = RecordedSessions(self._database)
        self._recorder = Recorder(
            settings.data / RECORDINGS_FOLDER,
            self._recorded_sessions,
            settings.recording,
            self._clock,
            places=settings.recording_places,
        )
        self._outcomes = Outcomes(self._audit)
        self._token_leases = Leases(self._people.ended_ids, self._clock, kind="token")
        self._agent_leases = Leases(self._revoked_agents, self._clock, kind="agent")
        self._gateway_leases = Leases(self._gateway_records.revoked_ids, self._clock, kind="gateway")
        self.registry = Registry(self._clock)
        self._tasks = Tasks("hub")
        self._address = ""
        self._policy: PolicyEngine | None = None
        self._sessions: Sessions | None = None
        self._broker: Broker | None = None
        self._feed: InProcessFeed | None = None
        callbacks = settings.oidc.redirect_uris if settings.oidc is not None else ()
        self.public_url = settings.public_url or next((urljoin(uri, "/") for uri in callbacks), "")
        """Where people open the page; "" where nobody has told."""
        self._server: GrpcServer | None = None
        self._agents: AgentServicer | None = None
        self._fanout: Fanout | None = None
        self._crowd: Crowd | None = None
        self._provider: Provider | None = None
        self._metrics: MetricsEndpoint | None = None
        self.mtls_address = ""
        """Where agents with certificates come, "host:port" with the port that was bound. Empty when nowhere."""
        self.metrics_address = ""
        """Where metrics are, "host:port". Empty when nowhere."""

    @property
    def address(self) -> str:
        """Where it listens, "host:port" with the port that was bound. Empty before ``start``."""
        return self._address

    @property
    def feed(self) -> InProcessFeed:
        """The feed for a gateway in this process. RuntimeError before ``start``."""
        if self._feed is None:
            raise RuntimeError("the hub has not been started")
        return self._feed

    async def start(self) -> None:
        """Loads everything and listens. Raises UserError for what a person can mend; then nothing is left running."""
        self.settings.check()
        if self.settings.is_plaintext_allowed and self.settings.tls_cert is None:
            log.warning("hub.plaintext", listen=self.settings.listen, danger="tokens travel readable for everybody")
        if self.settings.is_agent_credential_allowed:
            log.warning("hub.agent_credentials", danger="whoever gets hold of an agent's credential can be that agent")
        if self.settings.is_uncertified_gateway_allowed:
            log.warning("hub.uncertified_gateways", danger="whoever is on the way to the hub can sign people in")
        try:
            await self._start()
        except BaseException:
            await self.close()
            raise

    async def run(self, stopping: asyncio.Event) -> None:
        """Serves until ``stopping`` is set or something vital fails, which is then raised; closes in both cases."""
        if not self._address:
            await self.start()
        stop = asyncio.create_task(stopping.wait(), name="hub/stopping")
        failed = asyncio.create_task(self._tasks.wait(), name="hub/failed")
        try:
            await asyncio.wait((stop, failed), return_when=asyncio.FIRST_COMPLETED)
            if failed.done():
                failed.result()
        finally:
            for task in (stop, failed):
                task.cancel()
            await asyncio.gather(stop, failed, return_exceptions=True)
            await self.close()

    async def close(self) -> None:
        """Stops everything. May be called more than once."""
        if self._server is not None:
            await self._server.set_serving(is_serving=False)
            if self._sessions is not None:
                self._sessions.drain_all(RETRY_AFTER_SECONDS)
            if self._broker is not None:
                self._broker.drain()
            if self._agents is not None:
                await self._agents.drain(RETRY_AFTER_SECONDS)
            await self._server.stop(GRACE_SECONDS)
            self._server = None
        if self._metrics is not None:
            await self._metrics.close()
        if self._feed is not None:
            self._feed.stop()
        await self._tasks.close()
        if self._fanout is not None:
            self._fanout.rounds.close()
        if self._provider is not None:
            await self._provider.close()
        if self._policy is not None:
            await self._policy.stop()
            self._policy = None
        await self._outcomes.close()
        await self._recorder.close()
        await self._database.close()

    async def create_token(
        self, subject: str, *, description: str = "", expires_at: datetime.datetime | None = None
    ) -> str:
        """Makes a token on behalf of the program this hub is part of; its secret. Raises UserError."""
        token, secret = await issue_token(
            self._tokens, subject, now=self._clock.now(), description=description, expires_at=expires_at
        )
        await self._audit.record(self._entry("token.create", token.id, "done", f"for {subject}"))
        return secret

    async def create_agent_credential(self, cluster: str) -> str:
        """Makes a credential for a cluster's agent; its secret. Raises UserError."""
        id, secret = await issue_agent_credential(self._credentials, cluster, now=self._clock.now())
        self.registry.ensure(cluster)
        await self._audit.record(self._entry("agentcredential.create", id, "done", f"for cluster {cluster}"))
        return secret

    async def _start(self) -> None:
        await self._database.open()
        await self._audit.record_unknown(self._clock.now())
        await self._recorder.start()
        policy = self._policy = PolicyEngine(self.settings.policies, announce=self._announce)
        policy.subscribe(self._policy_changed)
        policy.subscribe_alarm(self._policy_alarmed)
        try:
            await policy.start()
        except PolicyError as error:
            await self._audit.record(
                self._entry("policy.rejected", str(self.settings.policies), "rejected", str(error))
            )
            raise UserError(f"the policy in {self.settings.policies} is not valid: {error}") from error
        sealer = Sealer(await Keys(self._database).get_or_create("resume", KEY_BYTES, self._clock.now()))
        for cluster in [*await self._credentials.clusters(), *await self._agent_records.names()]:
            self.registry.ensure(cluster)
        fanout = self._fanout = Fanout(self.registry, sealer, self._tasks)
        sessions = self._sessions = Sessions(fanout, self._clock)
        session_key = await Keys(self._database).get_or_create("session", sessiontokens.KEY_BYTES, self._clock.now())
        session_tokens = SessionTokens(session_key)
        authenticator = Authenticator(
            self._tokens,
            self._clock,
            is_demo=self.settings.is_demo,
            people=self._people,
            sessions=self._session_records,
            session_tokens=session_tokens,
        )
        version = _own_version()

        def current() -> PolicySet:
            return policy.current

        decider = Decider(current, self._audit, self._clock)
        crowd = self._crowd = Crowd(self.settings.limits, self._clock)
        service = FeedService(
            authenticator=authenticator,
            leases=self._token_leases,
            fanout=fanout,
            sessions=sessions,
            policy=current,
            decider=decider,
            crowd=crowd,
            clock=self._clock,
            hub_version=version,
        )
        ports = AgentPorts()
        broker = self._broker = Broker(
            policy=current,
            decider=decider,
            ports=ports,
            registry=self.registry,
            recorder=self._recorder,
            outcomes=self._outcomes,
            clock=self._clock,
        )
        authority = await asyncio.to_thread(Authority.load_or_create, self.settings.data, self._clock.now())
        access = AgentAccess(
            self._credentials,
            Certificates(authority, self._agent_records, self._clock),
            is_credential_allowed=self.settings.is_agent_credential_allowed,
        )
        agents = self._agents = AgentServicer(
            access=access,
            leases=self._agent_leases,
            registry=self.registry,
            audit=self._audit,
            clock=self._clock,
            policy_revision=lambda: policy.current.revision,
            ports=ports,
        )
        operations = OperationService(broker=broker, authenticator=authenticator, leases=self._token_leases)
        operation_link = OperationLinkServicer(broker=broker, access=access, leases=self._agent_leases)
        admin = AdminServicer(
            authenticator=authenticator,
            policy=current,
            decider=decider,
            audit=self._audit,
            tokens=self._tokens,
            token_leases=self._token_leases,
            credentials=self._credentials,
            agent_leases=self._agent_leases,
            registry=self.registry,
            status=HubStatus(version, policy, fanout, sessions, broker, self._audit),
            recordings=Recordings(self._recorder, self._recorded_sessions),
            clock=self._clock,
        )
        callers = Callers(authenticator, decider, self._audit, current, self._clock)
        if self.settings.oidc is not None:
            self._provider = Provider(self.settings.oidc, self._clock)
        seal_key = await Keys(self._database).get_or_create("refresh", sessiontokens.KEY_BYTES, self._clock.now())
        sign_in = SignIn(
            provider=self._provider,
            people=self._people,
            sessions=self._session_records,
            leases=self._token_leases,
            tokens=session_tokens,
            seal=Seal(seal_key),
            clock=self._clock,
        )
        life = datetime.timedelta(seconds=self.settings.agent_certificate_seconds)
        enrolment = EnrolmentServicer(
            callers,
            Enrolment(authority, self._agent_records, self._agent_leases, self._clock, certificate_life=life),
            access,
            self._agent_leases,
            mtls_port=lambda: int(self.mtls_address.rpartition(":")[2] or 0),
            mtls_address=self.settings.mtls_address,
        )
        gate = GatewayGate(
            authority,
            self._gateway_records,
            self._gateway_leases,
            self._clock,
            is_certificate_needed=not self.settings.is_uncertified_gateway_allowed,
        )
        gateways = GatewayServicer(
            callers,
            Enrolment(
                authority,
                self._gateway_records,
                self._gateway_leases,
                self._clock,
                certificate_life=life,
                kind=Kind.GATEWAY,
            ),
            gate,
            self._gateway_leases,
            mtls_port=lambda: int(self.mtls_address.rpartition(":")[2] or 0),
        )
        accounts = LocalAccounts(self.settings.local_accounts) if self.settings.local_accounts is not None else None
        if accounts is not None:
            accounts.load()
        people = IdentityServicer(
            TokenMethods(callers, self._tokens, self._people, self._token_leases),
            SignInMethods(callers, sign_in, has_passwords=accounts is not None),
            PasswordMethods(callers, accounts, sign_in),
            DeviceMethods(callers, Devices(self._clock), self._tokens, lambda: self.public_url),
        )
        if self.settings.metrics_listen:
            sources = Sources(version, policy, fanout, sessions, broker, crowd, self._clock)
            self._metrics = MetricsEndpoint(
                HubCollector(sources), lambda: self._address != "" and self._server is not None
            )
            self.metrics_address = await self._metrics.start(self.settings.metrics_listen)
        self._tasks.start(
            keep_within(
                self.settings.retention, self._recorder, self._recorded_sessions, self._clock, self._recording_removed
            ),
            name="retention",
        )
        self._tasks.start(sessions.keep_ticking(), name="ticking")
        self._tasks.start(broker.keep_checking(), name="operations")
        self._tasks.start(
            keep_checking(self._database, self._token_leases, self._agent_leases, self._gateway_leases), name="leases"
        )
        self._feed = InProcessFeed(service, operations, self._tasks)
        server = self._server = GrpcServer(
            {
                cluster_service.NAME: ClusterServicer(service).handlers(),
                agent_service.NAME: agents.handlers(),
                admin_service.NAME: admin.handlers(),
                identity_service.NAME: people.handlers(),
                enrolment_service.NAME: enrolment.handlers(),
                gateway_service.NAME: gateways.handlers(),
                operation_service.NAME: OperationServicer(operations).handlers(),
                operation_service.LINK_NAME: operation_link.handlers(),
            },
            self.settings.limits,
            (gate,),
        )
        if self.settings.mtls_listen:
            hub_certificate = HubCertificate(authority, self._clock)
            self.mtls_address = server.add_mtls(
                self.settings.mtls_listen, hub_certificate.newest, authority.certificate_pem
            )
        self._address = await server.start(
            self.settings.listen,
            tls_cert=self.settings.tls_cert,
            tls_key=self.settings.tls_key,
            is_plaintext_allowed=self.settings.is_plaintext_allowed,
        )
        log.info("hub.serving", address=self._address, policy=policy.current.revision, clusters=len(self.registry))
        if self.mtls_address:
            log.info("hub.serving_agents", address=self.mtls_address, authority=authority.fingerprint)

    async def _revoked_agents(self) -> frozenset[str]:
        return await self._credentials.revoked_ids() | await self._agent_records.revoked_ids()

    async def _announce(self, policy: PolicySet) -> None:
        """Records a revision before it comes into force, so that no kill can leave one unrecorded that was."""
        self._revisions.record(policy.revision, policy.commit, self._clock.now())
        commit = f"commit {policy.commit}" if policy.commit else ""
        entry = self._entry("policy.activated", policy.revision, "done", commit, policy.revision)
        await asyncio.shield(self._tasks.start_guarded(self._keep_recording(entry), name="revision"))

    def _policy_changed(self, policy: PolicySet) -> None:
        if self._sessions is not None:
            self._sessions.wake_all()
        if self._broker is not None:
            self._broker.check_all()

    def _policy_alarmed(self, alarm: PolicyAlarm | None) -> None:
        if alarm is not None and not alarm.is_enforcing_files:
            entry = self._entry("policy.rejected", str(self.settings.policies), "rejected", str(alarm))
            self._tasks.start_guarded(self._keep_recording(entry), name="rejection")

    async def _recording_removed(self, session: RecordedSession, reason: str) -> None:
        await self._audit.record(self._entry("recording.remove", session.id, "done", f"{session.subject}: {reason}"))

    async def _keep_recording(self, entry: AuditEntry) -> None:
        """Records what comes about whether or not the disk can be written: tries until it can."""
        while True:
            try:
                await self._audit.record(entry)
                return
            except StoreError as error:
                log.error("audit.retrying", action=entry.action, target=entry.target, reason=str(error))
            await asyncio.sleep(RECORD_RETRY_SECONDS)

    def _entry(self, action: str, target: str, outcome: str, message: str, revision: str = "") -> AuditEntry:
        if not revision and self._policy is not None and self._policy.has_started:
            revision = self._policy.current.revision
        return AuditEntry(
            at=self._clock.now(),
            subject="hub",
            action=action,
            target=target,
            outcome=outcome,
            policy_revision=revision,
            message=message[:MAX_MESSAGE_LENGTH],
        )


def _own_version() -> str:
    try:
        return importlib.metadata.version("octokube")
    except importlib.metadata.PackageNotFoundError:
        return "source"
