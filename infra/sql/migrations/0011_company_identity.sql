-- What accounts are known by besides their domains: the corporate number, and what people decided of company names.

ALTER TABLE accounts ADD COLUMN IF NOT EXISTS corporate_number String
    COMMENT 'corporate number (法人番号), 13 digits, empty if none is declared' AFTER domains;

ALTER TABLE facts COMMENT COLUMN type
    'account_declared, account_merged, case_recorded, contact_affiliated, contact_declared, contact_described, nps_answered, opportunity_recorded, organization_matched, own_domain_declared, product_declared, revenue_recorded, visitor_identified';

ALTER TABLE contact_day COMMENT COLUMN bound_by
    'contact, corporate_number, domain, organization; else own, free_mail or unbound';
