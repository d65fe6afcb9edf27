"""The Faust app and its wiring: what runs in one worker, in one place."""

import asyncio
import gc
import json
import logging
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import faust

from infra.assessments import Assessments
from infra.channels import Webhook
from infra.clickhouse import ClickHouse
from infra.kafka import ACCOUNT_TOUCHED, ALERTS, ASSESS_GROUP, FACTS, Publisher, producer, ssl_context
from infra.priority_model import load_model
from infra.rollups import REFRESH_TIMEOUT_S, Rollups
from infra.score_profile import load_profile
from infra.scores import Scores
from infra.settings import Settings
from infra.store import Store
from infra.telemetry import Trigger, WorkerMetrics
from streams.assess import Assessor
from streams.deliver import deliver
from streams.ingest.cycle import AccountTouched, Cycle
from streams.ingest.service import NEWS_DAYS, IngestService
from streams.priorities import PriorityKeeper
from streams.rollups import RollupKeeper
from streams.stages import StageKeeper

log = logging.getLogger("setten.worker")

_COLLECT_EVERY_S = 30.0
_LAG_EVERY_S = 5.0
# Stages are told by the day; whoever is touched all the time is scored once in so long, or as often as all are swept.
_STAGES_EVERY_S = 60.0
# How often it is looked whether a refresh may begin; models.rollups says when.
_ROLLUPS_EVERY_S = 10.0
# How soon after midnight, or after what went wrong, the ranking of the day is recorded.
_PRIORITIES_EVERY_S = 60.0


def broker_credentials(settings: Settings) -> Any:
    """How Faust signs in to Kafka; None on a plain connection."""
    context = ssl_context(settings)
    if settings.kafka_security.startswith("SASL"):
        return faust.SASLCredentials(
            mechanism=settings.kafka_sasl_mechanism,
            username=settings.kafka_user,
            password=settings.kafka_password.get_secret_value(),
            ssl_context=context,
        )
    return faust.SSLCredentials(context) if context is not None else None


def _folder(settings: Settings) -> Path:
    """Faust makes a folder though nothing is kept in it, and only where its parent is there."""
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    return settings.data_dir / "faust"


def create_app(settings: Settings, metrics: WorkerMetrics, *, on_ready: Callable[[], None] = lambda: None) -> faust.App:
    """Everything one worker runs: the ingest service, the assess agent, the sweep and the delivery agent."""
    timeout_s = float(settings.kafka_session_timeout_s)
    app = faust.App(
        ASSESS_GROUP,
        broker=[f"kafka://{broker}" for broker in settings.brokers],
        broker_credentials=broker_credentials(settings),
        broker_session_timeout=timeout_s,
        broker_rebalance_timeout=timeout_s,
        broker_heartbeat_interval=timeout_s / 3,
        consumer_auto_offset_reset="earliest",
        store="memory://",
        datadir=str(_folder(settings)),
        topic_allow_declare=False,
        topic_disable_leader=True,
        web_enabled=False,  # Faust's web server listens on every address and shows table data
        autodiscover=False,
    )
    publisher = Publisher(producer(settings))

    def tell_touched(accounts: list[AccountTouched]) -> None:
        publisher.send(
            ACCOUNT_TOUCHED,
            [(t.account_id, {"account_id": t.account_id, "last_day": t.last_day.isoformat()}) for t in accounts],
        )

    def open_cycle() -> Cycle:
        return Cycle(Store(ClickHouse(settings), settings.business_timezone), FACTS, tell_touched)

    ingest = IngestService(settings, open_cycle, on_ready=on_ready, crash=app.crash, metrics=metrics)
    app.service(ingest)
    assessor = Assessor(
        lambda: Assessments(ClickHouse(settings), settings),
        lambda changes: publisher.send(ALERTS, changes),
    )
    profile = load_profile(settings)
    stages = StageKeeper(lambda: Scores(ClickHouse(settings), profile))
    # A year of all contacts takes its time in one statement, as in `setten rollups refresh`.
    rollups = RollupKeeper(lambda: Rollups(ClickHouse(settings, timeout_s=REFRESH_TIMEOUT_S), settings, profile))
    priorities = PriorityKeeper(lambda: ClickHouse(settings), settings, load_model(settings))
    touched: set[str] = set()
    unscored: set[str] = set()

    touched_topic = app.topic(ACCOUNT_TOUCHED, key_serializer="raw", value_serializer="raw", internal=False)
    alerts_topic = app.topic(ALERTS, key_serializer="raw", value_serializer="raw", internal=False)

    @app.agent(touched_topic, concurrency=1)
    async def note_touched(stream: Any) -> None:
        """Note the accounts that something new happened at."""
        async for value in stream:
            news = _news(value, datetime.now(settings.zone).date())
            touched.update(news)
            unscored.update(news)

    async def run_assessment(accounts: list[str], trigger: Trigger) -> None:
        now = datetime.now(UTC)
        with metrics.assessment_failures.labels(trigger).count_exceptions(), metrics.assessment.labels(trigger).time():
            found = await asyncio.to_thread(assessor.run, now.astimezone(settings.zone).date(), now, accounts)
        for change in filter(None, (change.change for change in found.changes)):
            metrics.alert_changes.labels(change).inc()
        log.info(
            "assessed %s: %d verdicts, %d alert changes",
            len(accounts) or "all",
            len(found.verdicts),
            len(found.changes),
        )

    @app.timer(1.0)
    async def assess_touched() -> None:
        """Assess the noted accounts. What fails stays noted, and the sweep would find it too."""
        if touched and not ingest.reading_history:
            accounts = sorted(touched)
            touched.clear()
            try:
                await run_assessment(accounts, "touched")
            except Exception:
                touched.update(accounts)
                log.exception("assessing %d touched accounts failed; trying again", len(accounts))

    stages_every_s = min(_STAGES_EVERY_S, float(settings.sweep_every_s))

    @app.timer(stages_every_s)
    async def keep_stages() -> None:
        """Once a day the stages of all accounts, besides those of the noted ones. What fails is tried again."""
        if ingest.reading_history:
            return
        accounts = sorted(unscored)
        unscored.clear()
        try:
            changed = await asyncio.to_thread(stages.run, datetime.now(settings.zone).date(), accounts)
        except Exception:
            unscored.update(accounts)
            log.exception("keeping stages failed; trying again in %d s", stages_every_s)
        else:
            if changed:
                log.info("stages: %d transitions changed", changed)

    @app.timer(min(_ROLLUPS_EVERY_S, float(settings.sweep_every_s)))
    async def keep_rollups() -> None:
        """What BI tools read follows at a pace of its own. What fails is tried again, not sooner than what succeeds."""
        if ingest.reading_history:
            return
        try:
            computed = await asyncio.to_thread(rollups.run, datetime.now(UTC))
        except Exception:
            log.exception("refreshing the roll-ups failed; trying again")
        else:
            if computed:
                log.info("roll-ups: %d partitions computed", computed)

    priorities_every_s = min(_PRIORITIES_EVERY_S, float(settings.sweep_every_s))

    @app.timer(priorities_every_s)
    async def record_priorities() -> None:
        """Once a day the ranking of all accounts. What fails is tried again."""
        if ingest.reading_history:
            return
        try:
            news = await asyncio.to_thread(priorities.run, datetime.now(UTC))
        except Exception:
            log.exception("recording priorities failed; trying again in %d s", priorities_every_s)
        else:
            if news:
                log.info("priorities: %d rankings recorded", news)

    @app.timer(_COLLECT_EVERY_S)
    async def collect_garbage() -> None:
        """The automatic collector is off in a worker; see streams.worker."""
        gc.collect()

    if settings.metrics_port:

        @app.timer(_LAG_EVERY_S)
        async def measure_lag() -> None:
            """Asked for in any case, as nothing else tells the lag while a worker stands still."""
            try:
                await ingest.measure_lag()
            except Exception as error:  # not to know the lag is no reason to stop
                metrics.lag.clear()
                log.warning("the lag cannot be told: %s: %s", type(error).__name__, error)

    @app.timer(float(settings.sweep_every_s))
    async def sweep() -> None:
        """Silence makes no event: look for it in every account, but not while old touches are still being read."""
        if ingest.reading_history:
            log.info("sweep deferred: old touches are still being read")
            return
        try:
            await run_assessment([], "sweep")
        except Exception:
            log.exception("the sweep failed; the next one is in %d s", settings.sweep_every_s)

    if settings.webhook_url:
        webhook = Webhook(settings.webhook_url)

        @app.agent(alerts_topic, concurrency=1)
        async def deliver_alerts(stream: Any) -> None:
            """Tell the webhook of every alert change."""
            async for value in stream:
                metrics.deliveries.labels(await deliver(value, webhook)).inc()

    return app


def _news(value: bytes, today: date) -> set[str]:
    try:
        told = json.loads(value or b"")
        recent = (today - datetime.fromisoformat(told["last_day"]).date()).days <= NEWS_DAYS
        return {str(told["account_id"])} if recent else set()
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        log.warning("not an account.touched message (%s): %r", error, (value or b"")[:200])
        return set()
