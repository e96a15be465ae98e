-- The tables that a hit touches, as the specification defines them.
CREATE TABLE leads (
    id               UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    place_id         VARCHAR(255) UNIQUE NOT NULL,
    business_name    VARCHAR(255) NOT NULL,
    status           VARCHAR(50) DEFAULT 'discovered',
    first_opened_at  TIMESTAMPTZ,
    first_clicked_at TIMESTAMPTZ,
    updated_at       TIMESTAMPTZ DEFAULT NOW()
);
CREATE INDEX idx_leads_status ON leads (status);
CREATE INDEX idx_leads_place_id ON leads (place_id);

CREATE TABLE email_outreach (
    id             UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    lead_id        UUID REFERENCES leads (id) ON DELETE CASCADE,
    to_email       VARCHAR(255) NOT NULL,
    tracking_token VARCHAR(255) UNIQUE NOT NULL,
    status         VARCHAR(50) DEFAULT 'queued',
    sent_at        TIMESTAMPTZ
);
CREATE INDEX idx_outreach_lead_id ON email_outreach (lead_id);
CREATE INDEX idx_outreach_tracking_token ON email_outreach (tracking_token);

CREATE TABLE email_events (
    id             UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    lead_id        UUID REFERENCES leads (id),
    outreach_id    UUID REFERENCES email_outreach (id),
    tracking_token VARCHAR(255),
    event_type     VARCHAR(50) NOT NULL,
    url_clicked    TEXT,
    ip_address     INET,
    user_agent     TEXT,
    occurred_at    TIMESTAMPTZ DEFAULT NOW()
);
CREATE INDEX idx_events_lead_id ON email_events (lead_id);
CREATE INDEX idx_events_type ON email_events (event_type);
CREATE INDEX idx_events_occurred_at ON email_events (occurred_at);

CREATE FUNCTION update_updated_at() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN NEW.updated_at = NOW(); RETURN NEW; END $$;
CREATE TRIGGER trg_leads_updated_at BEFORE UPDATE ON leads FOR EACH ROW EXECUTE FUNCTION update_updated_at();
