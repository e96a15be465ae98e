-- Time always comes from the caller: nothing here asks the database's own clock.

CREATE TABLE target_locations (
    id              UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    city            VARCHAR(100) NOT NULL CHECK (city <> ''),
    state           VARCHAR(100),
    country         VARCHAR(2),
    lat             DOUBLE PRECISION CHECK (lat BETWEEN -90 AND 90),
    lng             DOUBLE PRECISION CHECK (lng BETWEEN -180 AND 180),
    categories      TEXT[] NOT NULL CHECK (cardinality(categories) > 0),
    radius_meters   INTEGER NOT NULL DEFAULT 5000 CHECK (radius_meters BETWEEN 1 AND 50000),
    is_active       BOOLEAN NOT NULL DEFAULT TRUE,
    created_at      TIMESTAMPTZ NOT NULL,
    UNIQUE NULLS NOT DISTINCT (city, state, country)
);

-- A lead's status is generated from its facts, so no statement and no order of events can set it.
CREATE TABLE leads (
    id                  UUID PRIMARY KEY,
    place_id            VARCHAR(255) UNIQUE NOT NULL,
    business_name       VARCHAR(255) NOT NULL,
    category            VARCHAR(100),
    industry            VARCHAR(100),
    address             TEXT,
    city                VARCHAR(100),
    country             VARCHAR(2),
    lat                 DOUBLE PRECISION CHECK (lat BETWEEN -90 AND 90),
    lng                 DOUBLE PRECISION CHECK (lng BETWEEN -180 AND 180),
    timezone            VARCHAR(64),
    phone               VARCHAR(50),
    email               VARCHAR(255),
    email_class         VARCHAR(20) CHECK (email_class IN ('role', 'person', 'free_mail')),
    email_origin        VARCHAR(20) CHECK (email_origin IN ('record', 'site', 'social', 'guessed')),
    email_source        TEXT,
    website_url         TEXT,
    google_maps_url     TEXT,
    rating              DOUBLE PRECISION CHECK (rating BETWEEN 0 AND 5),
    review_count        INTEGER CHECK (review_count >= 0),
    source              VARCHAR(50) NOT NULL,
    licence             TEXT,

    qualification_score INTEGER CHECK (qualification_score BETWEEN 0 AND 100),
    score_upper         INTEGER CHECK (score_upper BETWEEN 0 AND 100),
    rules_version       TEXT,
    web_presence_notes  TEXT,
    decision            VARCHAR(20) CHECK (decision IN ('qualified', 'disqualified', 'unknown')),
    route               VARCHAR(20) CHECK (route IN ('email', 'phone', 'visit')),
    organisation        TEXT,

    discovered_at       TIMESTAMPTZ NOT NULL,
    qualified_at        TIMESTAMPTZ,
    queued_at           TIMESTAMPTZ,
    email_sent_at       TIMESTAMPTZ,
    first_opened_at     TIMESTAMPTZ,
    first_clicked_at    TIMESTAMPTZ,
    bounced_at          TIMESTAMPTZ,
    first_replied_at    TIMESTAMPTZ,
    unsubscribed_at     TIMESTAMPTZ,
    converted_at        TIMESTAMPTZ,
    erased_at           TIMESTAMPTZ,

    notes               TEXT,
    updated_at          TIMESTAMPTZ NOT NULL,

    status              TEXT NOT NULL GENERATED ALWAYS AS (
        CASE
            WHEN erased_at IS NOT NULL THEN 'erased'
            WHEN converted_at IS NOT NULL THEN 'converted'
            WHEN unsubscribed_at IS NOT NULL THEN 'unsubscribed'
            WHEN first_replied_at IS NOT NULL THEN 'replied'
            WHEN bounced_at IS NOT NULL THEN 'bounced'
            WHEN first_clicked_at IS NOT NULL THEN 'clicked'
            WHEN first_opened_at IS NOT NULL THEN 'opened'
            WHEN email_sent_at IS NOT NULL THEN 'email_sent'
            WHEN queued_at IS NOT NULL THEN 'queued'
            WHEN decision = 'qualified' AND route = 'phone' THEN 'no_email'
            WHEN decision = 'qualified' AND route = 'visit' THEN 'unreachable'
            WHEN decision IS NOT NULL THEN decision
            ELSE 'discovered'
        END
    ) STORED,
    CHECK (score_upper IS NULL OR qualification_score <= score_upper)
) WITH (fillfactor = 80);  -- room on the page for a row's next version, which then needs no new index entries
-- No index on the status: it would have every first open and click rewrite all of a lead's index entries.
CREATE INDEX leads_by_discovery ON leads (discovered_at, id);
CREATE INDEX leads_by_email ON leads (lower(email));
CREATE INDEX leads_by_organisation ON leads (organisation) WHERE organisation IS NOT NULL;

-- Written by a trigger of the leads only, and deleted by one: a foreign key would check every row once more.
CREATE TABLE status_changes (
    id              BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    lead_id         UUID NOT NULL,
    from_status     TEXT NOT NULL,
    to_status       TEXT NOT NULL,
    rules_version   TEXT,
    changed_at      TIMESTAMPTZ NOT NULL
);
CREATE INDEX status_changes_by_lead ON status_changes (lead_id);

CREATE TABLE evidence_summaries (
    lead_id         UUID NOT NULL REFERENCES leads (id) ON DELETE CASCADE,
    check_name      TEXT NOT NULL,
    state           TEXT NOT NULL CHECK (state IN ('present', 'absent', 'unknown', 'not_applicable')),
    detail          TEXT,
    checked_at      TIMESTAMPTZ,
    PRIMARY KEY (lead_id, check_name)
);

CREATE TABLE campaigns (
    id              UUID PRIMARY KEY,
    name            VARCHAR(255) NOT NULL,
    campaign_date   DATE NOT NULL UNIQUE,
    created_at      TIMESTAMPTZ NOT NULL
);

CREATE TABLE email_outreach (
    id                  UUID PRIMARY KEY,
    lead_id             UUID NOT NULL REFERENCES leads (id) ON DELETE CASCADE,
    campaign_id         UUID NOT NULL REFERENCES campaigns (id),
    step                SMALLINT NOT NULL DEFAULT 1 CHECK (step BETWEEN 1 AND 9),
    to_email            VARCHAR(255) NOT NULL,
    to_domain           VARCHAR(255) NOT NULL,
    country             VARCHAR(2),
    timezone            VARCHAR(64),
    sender_domain       VARCHAR(255) NOT NULL DEFAULT '',
    subject             TEXT NOT NULL CHECK (subject <> ''),
    body_html           TEXT NOT NULL,
    tracking_token      VARCHAR(255) NOT NULL UNIQUE,
    has_unsubscribe     BOOLEAN NOT NULL CHECK (has_unsubscribe),
    ai_generated        BOOLEAN NOT NULL,
    attachment_names    TEXT[] NOT NULL DEFAULT '{}',
    message_id          TEXT NOT NULL UNIQUE,
    message_sha256      CHAR(64) NOT NULL,
    status              TEXT NOT NULL DEFAULT 'queued' CHECK (status IN
                        ('queued', 'transmitting', 'sent', 'delivered', 'bounced', 'cancelled', 'failed', 'unknown', 'abandoned')),
    status_reason       TEXT,
    attempts            INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    queued_at           TIMESTAMPTZ NOT NULL,
    not_before          TIMESTAMPTZ NOT NULL,
    expires_at          TIMESTAMPTZ NOT NULL,
    transmitting_at     TIMESTAMPTZ,
    sent_at             TIMESTAMPTZ,
    delivered_at        TIMESTAMPTZ,
    bounced_at          TIMESTAMPTZ,
    bounce_reason       TEXT,
    smtp_reply          TEXT,
    provider_message_id TEXT,
    looked_for_at       TIMESTAMPTZ,
    -- What indexes ask instead of the status: it changes with the first answer to a message, and these do not.
    is_waiting          BOOLEAN NOT NULL GENERATED ALWAYS AS (status = 'queued') STORED,
    is_uncertain        BOOLEAN NOT NULL GENERATED ALWAYS AS (status IN ('unknown', 'abandoned')) STORED,
    UNIQUE (lead_id, step),
    CHECK (expires_at > queued_at),
    CHECK (status NOT IN ('sent', 'delivered') OR sent_at IS NOT NULL)
) WITH (fillfactor = 80, toast_tuple_target = 512);  -- letters live beside the rows, so that a new version is small
CREATE INDEX outreach_due ON email_outreach (not_before) WHERE is_waiting;
CREATE INDEX outreach_uncertain ON email_outreach (transmitting_at) WHERE is_uncertain;
CREATE INDEX outreach_by_transmission ON email_outreach (transmitting_at);
CREATE INDEX outreach_by_campaign ON email_outreach (campaign_id);
CREATE INDEX outreach_by_address ON email_outreach (lower(to_email));

CREATE TABLE approvals (
    outreach_id     UUID NOT NULL REFERENCES email_outreach (id) ON DELETE CASCADE,
    message_sha256  CHAR(64) NOT NULL,
    approved_at     TIMESTAMPTZ NOT NULL,
    approved_by     TEXT NOT NULL,
    PRIMARY KEY (outreach_id, message_sha256)
);

-- The id is made at the edge, so that a replayed spool cannot store an event twice. Counts outlive an erased lead.
CREATE TABLE email_events (
    id              UUID PRIMARY KEY,
    lead_id         UUID,
    outreach_id     UUID,
    event_type      TEXT NOT NULL CHECK (event_type IN
                    ('open', 'click', 'reply', 'auto_reply', 'bounce', 'complaint', 'unsubscribe', 'delivered',
                     'accepted', 'soft_bounce', 'blocked', 'deferred')),
    url_clicked     TEXT,
    method          TEXT,
    network         CIDR,
    user_agent      TEXT,
    headers         JSONB NOT NULL DEFAULT '{}',
    verdict         TEXT NOT NULL CHECK (verdict IN ('person', 'machine', 'unsure')),
    reasons         TEXT[] NOT NULL DEFAULT '{}',
    verdict_version TEXT NOT NULL,
    origin          TEXT NOT NULL CHECK (origin IN ('tracking', 'mailbox', 'webhook', 'operator', 'smtp')),
    occurred_at     TIMESTAMPTZ NOT NULL,
    stored_at       TIMESTAMPTZ NOT NULL,
    CHECK ((outreach_id IS NULL) = (lead_id IS NULL))
);  -- without a foreign key: `facts_from_events` asks for the messages of a whole batch at once
CREATE INDEX events_by_lead ON email_events (lead_id);  -- those of one message too: a lead has few messages
CREATE INDEX events_by_time ON email_events USING brin (occurred_at);  -- stored nearly in order
CREATE INDEX events_by_storing ON email_events USING brin (stored_at);
CREATE INDEX events_of_webhooks ON email_events (stored_at) WHERE origin = 'webhook';  -- health asks for the last one

-- Salted hashes without foreign keys: they outlive the lead they came from.
CREATE TABLE suppressions (
    kind            TEXT NOT NULL CHECK (kind IN ('address', 'domain', 'organisation', 'place')),
    hash            BYTEA NOT NULL CHECK (octet_length(hash) = 32),
    reason          TEXT NOT NULL,
    created_at      TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (kind, hash)
);

CREATE TABLE quota_usage (
    service         TEXT NOT NULL,
    period_start    DATE NOT NULL,
    used            BIGINT NOT NULL DEFAULT 0 CHECK (used >= 0),
    PRIMARY KEY (service, period_start)
);

CREATE TABLE alert_outbox (
    id              BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    dedupe_key      TEXT NOT NULL,
    channel         TEXT NOT NULL CHECK (channel IN ('telegram', 'whatsapp')),
    kind            TEXT NOT NULL CHECK (kind IN
                    ('opened', 'clicked', 'replied', 'unsubscribed', 'bounced', 'complained', 'progress', 'failure', 'report')),
    lead_id         UUID,  -- as in status_changes
    text            TEXT,
    status          TEXT NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'sending', 'sent', 'failed', 'unknown', 'expired')),
    attempts        INTEGER NOT NULL DEFAULT 0,
    created_at      TIMESTAMPTZ NOT NULL,
    not_before      TIMESTAMPTZ NOT NULL,
    sending_at      TIMESTAMPTZ,
    sent_at         TIMESTAMPTZ,
    error           TEXT,
    UNIQUE (dedupe_key, channel)
);
CREATE INDEX alerts_due ON alert_outbox (not_before) WHERE status = 'pending';

CREATE TABLE captures (
    asset           TEXT NOT NULL CHECK (asset IN ('places', 'web_captures', 'draft_completions')),
    partition_date  DATE NOT NULL,
    subject         TEXT NOT NULL,
    lead_id         UUID,
    captured_at     TIMESTAMPTZ NOT NULL,
    source          TEXT NOT NULL,
    licence         TEXT,
    payload         JSONB NOT NULL,
    hosts           TEXT[] NOT NULL DEFAULT '{}',   -- of web_captures: whose answers it holds
    PRIMARY KEY (asset, partition_date, subject)
);
CREATE INDEX captures_by_host ON captures USING gin (hosts) WITH (fastupdate = off);
CREATE INDEX captures_by_lead ON captures (lead_id) WHERE lead_id IS NOT NULL;

CREATE TABLE mailbox_cursors (
    mailbox         TEXT PRIMARY KEY,
    uidvalidity     BIGINT NOT NULL,
    last_uid        BIGINT NOT NULL,
    polled_at       TIMESTAMPTZ NOT NULL
);

CREATE TABLE inbox_messages (
    mailbox         TEXT NOT NULL,
    uidvalidity     BIGINT NOT NULL,
    uid             BIGINT NOT NULL,
    message_id      TEXT,
    received_at     TIMESTAMPTZ NOT NULL,
    captured_at     TIMESTAMPTZ NOT NULL,
    sender          TEXT,
    subject         TEXT,
    excerpt         TEXT,
    classification  TEXT NOT NULL CHECK (classification IN
                    ('reply', 'auto_reply', 'bounce', 'complaint', 'unsubscribe', 'unrelated')),
    outreach_id     UUID REFERENCES email_outreach (id) ON DELETE SET NULL,
    lead_id         UUID REFERENCES leads (id) ON DELETE SET NULL,
    matched_by      TEXT,
    PRIMARY KEY (mailbox, uidvalidity, uid)
);
CREATE INDEX inbox_by_time ON inbox_messages (received_at);
CREATE INDEX inbox_by_message_id ON inbox_messages (message_id);

-- Replies that came by webhook, as they came; `content` goes once they are classified.
CREATE TABLE inbound_mail (
    uid             BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    dedupe_key      CHAR(64) NOT NULL UNIQUE,
    content         TEXT,
    received_at     TIMESTAMPTZ NOT NULL,
    classified_at   TIMESTAMPTZ
);
CREATE INDEX inbound_mail_waiting ON inbound_mail (uid) WHERE classified_at IS NULL;

CREATE TABLE pipeline_requests (
    id              UUID PRIMARY KEY,
    partition_date  DATE NOT NULL,
    dry_run         BOOLEAN NOT NULL DEFAULT FALSE,
    status          TEXT NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'launched', 'succeeded', 'failed')),
    run_id          TEXT,
    detail          TEXT,
    requested_by    TEXT NOT NULL,
    requested_at    TIMESTAMPTZ NOT NULL,
    updated_at      TIMESTAMPTZ NOT NULL
);

CREATE TABLE erasure_requests (
    id              UUID PRIMARY KEY,
    lead_ids        UUID[] NOT NULL,
    status          TEXT NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'done', 'failed')),
    result          JSONB NOT NULL DEFAULT '{}',
    requested_by    TEXT NOT NULL,
    requested_at    TIMESTAMPTZ NOT NULL,
    done_at         TIMESTAMPTZ
);

CREATE TABLE heartbeats (
    name            TEXT PRIMARY KEY,
    beat_at         TIMESTAMPTZ NOT NULL,
    detail          JSONB NOT NULL DEFAULT '{}'
);

CREATE TABLE daily_reports (
    report_date         DATE PRIMARY KEY,
    leads_discovered    INTEGER NOT NULL CHECK (leads_discovered >= 0),
    leads_qualified     INTEGER NOT NULL CHECK (leads_qualified >= 0),
    emails_sent         INTEGER NOT NULL CHECK (emails_sent >= 0),
    emails_opened       INTEGER NOT NULL CHECK (emails_opened >= 0),
    links_clicked       INTEGER NOT NULL CHECK (links_clicked >= 0),
    replies_received    INTEGER NOT NULL CHECK (replies_received >= 0),
    new_conversions     INTEGER NOT NULL CHECK (new_conversions >= 0),
    message_id          TEXT UNIQUE,
    message_sha256      CHAR(64),
    sent_to             VARCHAR(255),
    status              TEXT NOT NULL DEFAULT 'ready' CHECK (status IN ('ready', 'transmitting', 'sent', 'failed', 'unknown')),
    smtp_reply          TEXT,
    created_at          TIMESTAMPTZ NOT NULL,
    sent_at             TIMESTAMPTZ
);

CREATE TABLE report_files (
    report_date     DATE PRIMARY KEY REFERENCES daily_reports (report_date) ON DELETE CASCADE,
    filename        TEXT NOT NULL,
    content         BYTEA NOT NULL,
    created_at      TIMESTAMPTZ NOT NULL
);

CREATE VIEW campaign_counters AS
SELECT c.id, c.name, c.campaign_date,
       count(DISTINCT o.lead_id)                                             AS total_leads,
       count(*) FILTER (WHERE o.sent_at IS NOT NULL)                         AS emails_sent,
       count(*) FILTER (WHERE l.first_opened_at IS NOT NULL)                 AS emails_opened,
       count(*) FILTER (WHERE l.first_clicked_at IS NOT NULL)                AS links_clicked,
       count(*) FILTER (WHERE l.first_replied_at IS NOT NULL)                AS replies_received,
       min(o.transmitting_at)                                                AS started_at,
       CASE WHEN count(o.id) = 0 THEN 'pending'
            WHEN bool_or(o.status IN ('queued', 'transmitting')) THEN 'running'
            ELSE 'completed' END                                             AS status
FROM campaigns c
LEFT JOIN email_outreach o ON o.campaign_id = c.id
LEFT JOIN leads l ON l.id = o.lead_id
GROUP BY c.id;

-- Facts about people's acts are never taken back; only an erasure clears a row, and a new verdict version may
-- withdraw an open or a click (it says so by changing rules_version of the session: leadgen.verdict_recompute).
CREATE FUNCTION guard_lead_facts() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    NEW.email_sent_at    := coalesce(least(OLD.email_sent_at, NEW.email_sent_at), OLD.email_sent_at, NEW.email_sent_at);
    IF (OLD.queued_at IS NOT NULL AND NEW.queued_at IS NULL)
       OR (OLD.email_sent_at IS NOT NULL AND NEW.email_sent_at IS NULL)
       OR (OLD.bounced_at IS NOT NULL AND NEW.bounced_at IS NULL)
       OR (OLD.first_replied_at IS NOT NULL AND NEW.first_replied_at IS NULL)
       OR (OLD.unsubscribed_at IS NOT NULL AND NEW.unsubscribed_at IS NULL)
       OR (OLD.converted_at IS NOT NULL AND NEW.converted_at IS NULL)
       OR (OLD.erased_at IS NOT NULL AND NEW.erased_at IS NULL)
       OR ((OLD.first_opened_at IS NOT NULL AND NEW.first_opened_at IS NULL
            OR OLD.first_clicked_at IS NOT NULL AND NEW.first_clicked_at IS NULL)
           AND coalesce(current_setting('leadgen.verdict_recompute', TRUE), '') <> 'on') THEN
        RAISE EXCEPTION 'a fact about lead % cannot be taken back', OLD.id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
-- Called where a known fact changes; learning one, as most hits' updates do, costs no call.
CREATE TRIGGER lead_facts_stay BEFORE UPDATE ON leads FOR EACH ROW WHEN (
       OLD.queued_at IS NOT NULL AND NEW.queued_at IS NULL
    OR OLD.email_sent_at IS NOT NULL AND OLD.email_sent_at IS DISTINCT FROM NEW.email_sent_at
    OR OLD.first_opened_at IS NOT NULL AND NEW.first_opened_at IS NULL
    OR OLD.first_clicked_at IS NOT NULL AND NEW.first_clicked_at IS NULL
    OR OLD.bounced_at IS NOT NULL AND NEW.bounced_at IS NULL
    OR OLD.first_replied_at IS NOT NULL AND NEW.first_replied_at IS NULL
    OR OLD.unsubscribed_at IS NOT NULL AND NEW.unsubscribed_at IS NULL
    OR OLD.converted_at IS NOT NULL AND NEW.converted_at IS NULL
    OR OLD.erased_at IS NOT NULL AND NEW.erased_at IS NULL)
    EXECUTE FUNCTION guard_lead_facts();

CREATE FUNCTION guard_outreach_status() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.status <> OLD.status AND NOT (OLD.status, NEW.status) IN (
        ('queued', 'transmitting'), ('queued', 'cancelled'),
        ('transmitting', 'sent'), ('transmitting', 'queued'), ('transmitting', 'failed'), ('transmitting', 'unknown'),
        ('unknown', 'sent'), ('unknown', 'failed'), ('unknown', 'abandoned'), ('unknown', 'bounced'), ('abandoned', 'sent'),
        ('sent', 'delivered'), ('sent', 'bounced'), ('delivered', 'bounced')) THEN
        RAISE EXCEPTION 'message % cannot go from % to %', OLD.id, OLD.status, NEW.status USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.status <> 'queued' AND (NEW.message_sha256 <> OLD.message_sha256 OR NEW.message_id <> OLD.message_id) THEN
        RAISE EXCEPTION 'message % is frozen once it was transmitted', OLD.id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER outreach_moves BEFORE UPDATE ON email_outreach FOR EACH ROW
    WHEN (NEW.status <> OLD.status AND (OLD.status, NEW.status) <> ('sent', 'delivered')  -- what most answers bring
          OR NEW.message_sha256 <> OLD.message_sha256 OR NEW.message_id <> OLD.message_id)
    EXECUTE FUNCTION guard_outreach_status();

-- A message whose hand-over was uncertain turns out to have left: the row and the lead's fact change together.
CREATE FUNCTION settle_as_sent(messages UUID[], reason TEXT, at TIMESTAMPTZ) RETURNS INTEGER LANGUAGE plpgsql AS $$
DECLARE
    settled INTEGER;
BEGIN
    PERFORM 1 FROM leads WHERE id IN (SELECT lead_id FROM email_outreach WHERE id = ANY (messages)
                                      AND status IN ('unknown', 'abandoned')) ORDER BY id FOR NO KEY UPDATE;
    WITH found AS (UPDATE email_outreach SET status = 'sent', sent_at = coalesce(transmitting_at, at), status_reason = reason
                   WHERE id = ANY (messages) AND status IN ('unknown', 'abandoned') RETURNING lead_id, sent_at)
    UPDATE leads SET email_sent_at = coalesce(least(email_sent_at, found.sent_at), found.sent_at),
        updated_at = greatest(updated_at, at)
    FROM (SELECT lead_id, min(sent_at) AS sent_at FROM found GROUP BY lead_id) found WHERE leads.id = found.lead_id;
    GET DIAGNOSTICS settled = ROW_COUNT;
    RETURN settled;
END $$;

-- Events become facts here, whoever stored them: one ordered update per statement, so that batches do not deadlock.
CREATE FUNCTION facts_from_events() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM stored s WHERE s.outreach_id IS NOT NULL AND NOT EXISTS (
               SELECT 1 FROM email_outreach o WHERE o.id = s.outreach_id AND o.lead_id = s.lead_id)) THEN
        RAISE EXCEPTION 'an event names a message that is not there, or is not its lead''s' USING ERRCODE = 'foreign_key_violation';
    END IF;
    -- An answer to a message whose hand-over was uncertain shows that it left. Such messages are few, and looked at first.
    IF EXISTS (WITH uncertain AS MATERIALIZED (SELECT id FROM email_outreach WHERE is_uncertain)
               SELECT 1 FROM uncertain JOIN stored s ON s.outreach_id = uncertain.id) THEN
        PERFORM 1 FROM leads WHERE id IN (SELECT lead_id FROM stored) ORDER BY id FOR NO KEY UPDATE;
        PERFORM settle_as_sent(array_agg(DISTINCT outreach_id), 'an answer came', max(stored_at)) FROM stored;
    END IF;
    -- Most hits repeat what is known: only leads that learn something are locked, in order, and touched.
    WITH learning AS MATERIALIZED (
        SELECT l.id, e.* FROM (
            SELECT lead_id, max(stored_at) AS stored_at,
                   min(occurred_at) FILTER (WHERE event_type = 'open' AND verdict = 'person') AS opened_at,
                   min(occurred_at) FILTER (WHERE event_type = 'click' AND verdict = 'person') AS clicked_at,
                   min(occurred_at) FILTER (WHERE event_type = 'reply' AND verdict = 'person') AS replied_at,
                   min(occurred_at) FILTER (WHERE event_type = 'bounce') AS bounced_at,
                   min(occurred_at) FILTER (WHERE event_type IN ('unsubscribe', 'complaint')) AS unsubscribed_at
            FROM stored WHERE lead_id IS NOT NULL GROUP BY lead_id) e
        JOIN leads l ON l.id = e.lead_id
        WHERE e.opened_at < coalesce(l.first_opened_at, 'infinity') OR e.clicked_at < coalesce(l.first_clicked_at, 'infinity')
              OR e.replied_at < coalesce(l.first_replied_at, 'infinity') OR (e.bounced_at IS NOT NULL AND l.bounced_at IS NULL)
              OR (e.unsubscribed_at IS NOT NULL AND l.unsubscribed_at IS NULL)
        ORDER BY l.id FOR NO KEY UPDATE OF l
    )
    UPDATE leads SET
        first_opened_at  = coalesce(least(leads.first_opened_at, e.opened_at), leads.first_opened_at, e.opened_at),
        first_clicked_at = coalesce(least(leads.first_clicked_at, e.clicked_at), leads.first_clicked_at, e.clicked_at),
        first_replied_at = coalesce(least(leads.first_replied_at, e.replied_at), leads.first_replied_at, e.replied_at),
        bounced_at       = coalesce(leads.bounced_at, e.bounced_at),
        unsubscribed_at  = coalesce(leads.unsubscribed_at, e.unsubscribed_at),
        updated_at       = greatest(leads.updated_at, e.stored_at)
    FROM learning e WHERE leads.id = e.id;
    -- Whatever came back shows that the message arrived; a bounce shows the contrary and wins.
    UPDATE email_outreach o SET
        status = CASE WHEN e.bounced_at IS NOT NULL THEN 'bounced' ELSE 'delivered' END,
        bounced_at = coalesce(o.bounced_at, e.bounced_at),
        delivered_at = CASE WHEN e.bounced_at IS NULL THEN coalesce(o.delivered_at, e.arrived_at) ELSE o.delivered_at END
    FROM (SELECT outreach_id, min(occurred_at) FILTER (WHERE event_type = 'bounce') AS bounced_at,
                 min(occurred_at) FILTER (WHERE event_type IN
                     ('open', 'click', 'reply', 'auto_reply', 'unsubscribe', 'delivered')) AS arrived_at
          FROM stored WHERE outreach_id IS NOT NULL GROUP BY outreach_id) e
    WHERE o.id = e.outreach_id
      AND (o.status = 'sent' AND coalesce(e.bounced_at, e.arrived_at) IS NOT NULL OR o.status = 'delivered' AND e.bounced_at IS NOT NULL);
    RETURN NULL;
END $$;
CREATE TRIGGER events_become_facts AFTER INSERT ON email_events REFERENCING NEW TABLE AS stored
    FOR EACH STATEMENT EXECUTE FUNCTION facts_from_events();

-- A hit whose verdict changes (the rest of a scanner's burst arrived) may take back an open or a click, and its alert.
CREATE FUNCTION facts_after_new_verdicts() RETURNS TRIGGER LANGUAGE plpgsql AS $$
DECLARE
    touched UUID[] := ARRAY(SELECT DISTINCT n.lead_id FROM judged n JOIN formerly f ON f.id = n.id
                            WHERE n.verdict <> f.verdict AND n.lead_id IS NOT NULL ORDER BY 1);
BEGIN
    IF touched = '{}' THEN RETURN NULL; END IF;
    PERFORM set_config('leadgen.verdict_recompute', 'on', TRUE);
    PERFORM 1 FROM leads WHERE id = ANY (touched) ORDER BY id FOR NO KEY UPDATE;
    UPDATE leads SET first_opened_at = e.opened_at, first_clicked_at = e.clicked_at, updated_at = greatest(leads.updated_at, e.stored_at)
    FROM (SELECT lead_id, max(stored_at) AS stored_at,
                 min(occurred_at) FILTER (WHERE event_type = 'open' AND verdict = 'person') AS opened_at,
                 min(occurred_at) FILTER (WHERE event_type = 'click' AND verdict = 'person') AS clicked_at
          FROM email_events WHERE lead_id = ANY (touched) GROUP BY lead_id) e
    WHERE leads.id = e.lead_id
      AND (leads.first_opened_at, leads.first_clicked_at) IS DISTINCT FROM (e.opened_at, e.clicked_at);
    DELETE FROM alert_outbox a USING leads l
    WHERE a.lead_id = l.id AND l.id = ANY (touched) AND a.status = 'pending'
      AND (a.kind = 'opened' AND l.first_opened_at IS NULL OR a.kind = 'clicked' AND l.first_clicked_at IS NULL);
    PERFORM set_config('leadgen.verdict_recompute', '', TRUE);
    RETURN NULL;
END $$;
CREATE TRIGGER verdicts_change_facts AFTER UPDATE ON email_events REFERENCING OLD TABLE AS formerly NEW TABLE AS judged
    FOR EACH STATEMENT EXECUTE FUNCTION facts_after_new_verdicts();

-- What changed about leads is noted once for each statement, not for each row: hits arrive in batches.
-- The first open, click and reply of a person ring the operator's phone once, whichever path stored them; opens and
-- clicks wait until a burst would be over, so that a scanner rings no phone.
CREATE FUNCTION note_lead_changes() RETURNS TRIGGER LANGUAGE plpgsql SET enable_hashjoin = 'on' AS $$
BEGIN
    WITH moved AS MATERIALIZED (
        SELECT n.id, n.status, f.status AS from_status, n.rules_version, n.updated_at,
               f.first_opened_at IS NULL AND n.first_opened_at IS NOT NULL AS is_opened,
               f.first_clicked_at IS NULL AND n.first_clicked_at IS NOT NULL AS is_clicked,
               f.first_replied_at IS NULL AND n.first_replied_at IS NOT NULL AS is_replied
        FROM changed n JOIN formerly f ON f.id = n.id
    ), logged AS (
        INSERT INTO status_changes (lead_id, from_status, to_status, rules_version, changed_at)
        SELECT id, from_status, status, rules_version, updated_at FROM moved WHERE status <> from_status
    )
    INSERT INTO alert_outbox (dedupe_key, channel, kind, lead_id, created_at, not_before)
    SELECT fact.kind || ':' || moved.id, fact.channel, fact.kind, moved.id, moved.updated_at, moved.updated_at + fact.settling
    FROM moved CROSS JOIN LATERAL (VALUES
            ('opened', 'telegram', INTERVAL '10 seconds', is_opened),
            ('clicked', 'telegram', INTERVAL '10 seconds', is_clicked), ('clicked', 'whatsapp', INTERVAL '10 seconds', is_clicked),
            ('replied', 'telegram', INTERVAL '0', is_replied), ('replied', 'whatsapp', INTERVAL '0', is_replied)
         ) AS fact (kind, channel, settling, is_new)
    WHERE (is_opened OR is_clicked OR is_replied) AND fact.is_new
    ON CONFLICT (dedupe_key, channel) DO NOTHING;
    IF FOUND THEN PERFORM pg_notify('leadgen_alerts', ''); END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER lead_changes AFTER UPDATE ON leads REFERENCING OLD TABLE AS formerly NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION note_lead_changes();

-- Counts of events outlive their message.
CREATE FUNCTION forget_message() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    UPDATE email_events e SET lead_id = NULL, outreach_id = NULL FROM gone
    WHERE e.lead_id = gone.lead_id AND e.outreach_id = gone.id;
    RETURN NULL;
END $$;
CREATE TRIGGER messages_go AFTER DELETE ON email_outreach REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION forget_message();

CREATE FUNCTION forget_lead_changes() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM status_changes WHERE lead_id IN (SELECT id FROM gone);
    DELETE FROM alert_outbox WHERE lead_id IN (SELECT id FROM gone);
    RETURN NULL;
END $$;
CREATE TRIGGER lead_changes_go AFTER DELETE ON leads REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION forget_lead_changes();

-- Erasure keeps counts and suppressions, and nothing that names the business. The caller adds the suppressions first.
CREATE FUNCTION erase_lead(erased UUID, at TIMESTAMPTZ) RETURNS BOOLEAN LANGUAGE plpgsql AS $$
BEGIN
    UPDATE leads SET place_id = 'erased:' || id, business_name = 'erased', category = NULL, address = NULL, city = NULL, lat = NULL,
        lng = NULL, phone = NULL, email = NULL, email_source = NULL, website_url = NULL, google_maps_url = NULL, rating = NULL, review_count = NULL,
        web_presence_notes = NULL, organisation = NULL, notes = NULL, erased_at = coalesce(erased_at, at), updated_at = at
    WHERE id = erased;
    IF NOT FOUND THEN RETURN FALSE; END IF;
    UPDATE email_outreach SET status = 'cancelled', status_reason = 'erased' WHERE lead_id = erased AND status = 'queued';
    UPDATE email_outreach SET to_email = 'erased', to_domain = 'erased', subject = 'erased', body_html = '', attachment_names = '{}',
        bounce_reason = NULL, smtp_reply = NULL WHERE lead_id = erased;
    UPDATE email_events SET network = NULL, user_agent = NULL, url_clicked = NULL, headers = '{}', reasons = '{}' WHERE lead_id = erased;
    UPDATE inbox_messages SET sender = NULL, subject = NULL, excerpt = NULL, message_id = NULL WHERE lead_id = erased;
    DELETE FROM evidence_summaries WHERE lead_id = erased;
    DELETE FROM captures WHERE lead_id = erased;
    DELETE FROM alert_outbox WHERE lead_id = erased;
    RETURN TRUE;
END $$;
