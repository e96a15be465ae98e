-- What decides whether a message may leave: the journal behind pacing, pauses, and bases for writing to a country.

-- Every attempt, also those whose row was queued again since: limits in time hold over what the server saw.
CREATE TABLE transmissions (
    id              BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    outreach_id     UUID REFERENCES email_outreach (id) ON DELETE SET NULL,
    at              TIMESTAMPTZ NOT NULL,
    to_domain       VARCHAR(255) NOT NULL,
    sender_domain   VARCHAR(255) NOT NULL
);
CREATE INDEX transmissions_by_time ON transmissions (at);
CREATE INDEX transmissions_by_sender ON transmissions (sender_domain, at);
CREATE INDEX transmissions_by_outreach ON transmissions (outreach_id);

CREATE TABLE sending_pauses (
    id              BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    cause           TEXT NOT NULL CHECK (cause IN ('operator', 'breaker', 'refusal')),
    reason          TEXT NOT NULL CHECK (reason <> ''),
    paused_at       TIMESTAMPTZ NOT NULL,
    resumed_at      TIMESTAMPTZ CHECK (resumed_at >= paused_at)
);
CREATE UNIQUE INDEX one_pause_at_a_time ON sending_pauses ((TRUE)) WHERE resumed_at IS NULL;

-- Why the operator may write to businesses of a country whose law asks for more than a way to refuse.
CREATE TABLE country_bases (
    id              BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    country         CHAR(2) NOT NULL CHECK (country = upper(country)),
    basis           TEXT NOT NULL CHECK (length(basis) >= 10),
    recorded_by     TEXT NOT NULL,
    recorded_at     TIMESTAMPTZ NOT NULL,
    withdrawn_at    TIMESTAMPTZ CHECK (withdrawn_at >= recorded_at)
);
CREATE UNIQUE INDEX one_basis_for_a_country ON country_bases (country) WHERE withdrawn_at IS NULL;

CREATE INDEX events_of_harm ON email_events (occurred_at) WHERE event_type IN ('bounce', 'complaint');

-- Whichever path hands a message over, the journal has it; erasing a recipient's domain erases it here too.
CREATE FUNCTION journal_transmission() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.transmitting_at IS NOT NULL AND (TG_OP = 'INSERT' OR NEW.transmitting_at IS DISTINCT FROM OLD.transmitting_at) THEN
        INSERT INTO transmissions (outreach_id, at, to_domain, sender_domain)
        VALUES (NEW.id, NEW.transmitting_at, NEW.to_domain, NEW.sender_domain);
    END IF;
    IF TG_OP = 'UPDATE' AND NEW.to_domain <> OLD.to_domain THEN
        UPDATE transmissions SET to_domain = NEW.to_domain WHERE outreach_id = NEW.id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER outreach_transmissions AFTER INSERT OR UPDATE OF transmitting_at, to_domain ON email_outreach
    FOR EACH ROW EXECUTE FUNCTION journal_transmission();
