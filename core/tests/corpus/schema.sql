-- The tables the corpus of queries reads: a shop, its web site, its books, its staff, and one table of every type.
CREATE TYPE order_status AS ENUM ('pending', 'paid', 'shipped', 'delivered', 'returned', 'cancelled');
CREATE TYPE job_level AS ENUM ('junior', 'senior', 'lead', 'director');

CREATE TABLE customers (
    customer_id BIGINT NOT NULL,
    email VARCHAR NOT NULL,
    first_name VARCHAR,
    last_name VARCHAR,
    birth_date DATE,
    country_code VARCHAR(2),
    segment VARCHAR,
    credit_limit DECIMAL(12, 2),
    is_active BOOLEAN,
    created_at TIMESTAMP,
    updated_at TIMESTAMP WITH TIME ZONE,
    address STRUCT(street VARCHAR, city VARCHAR, zip VARCHAR, geo STRUCT(lat DOUBLE, lon DOUBLE)),
    tags VARCHAR[],
    preferences MAP(VARCHAR, VARCHAR),
    external_id UUID
);

CREATE TABLE orders (
    order_id BIGINT NOT NULL,
    customer_id BIGINT,
    status order_status,
    order_date DATE,
    ordered_at TIMESTAMP,
    shipped_at TIMESTAMP,
    amount DECIMAL(12, 2),
    discount DECIMAL(4, 3),
    tax_rate FLOAT,
    shipping_cost DOUBLE,
    currency VARCHAR,
    channel VARCHAR,
    item_count SMALLINT,
    notes VARCHAR
);

CREATE TABLE order_items (
    order_id BIGINT NOT NULL,
    line_no TINYINT NOT NULL,
    product_id INTEGER,
    quantity INTEGER,
    unit_price DECIMAL(10, 2),
    discount_pct DECIMAL(5, 4),
    attributes MAP(VARCHAR, INTEGER)
);

CREATE TABLE products (
    product_id INTEGER NOT NULL,
    sku VARCHAR,
    product_name VARCHAR,
    category VARCHAR,
    subcategory VARCHAR,
    list_price DECIMAL(10, 2),
    cost DECIMAL(10, 4),
    weight_kg FLOAT,
    dimensions INTEGER[3],
    colors VARCHAR[],
    specs STRUCT(material VARCHAR, watt INTEGER, ratings INTEGER[]),
    launched DATE,
    discontinued BOOLEAN,
    image BLOB,
    embedding FLOAT[4]
);

CREATE TABLE events (
    event_id UUID NOT NULL,
    user_id BIGINT,
    session_id VARCHAR,
    event_type VARCHAR,
    event_time TIMESTAMP WITH TIME ZONE,
    received_at TIMESTAMP,
    payload JSON,
    properties STRUCT(page VARCHAR, referrer VARCHAR, duration_ms BIGINT, utm STRUCT(source VARCHAR, medium VARCHAR, campaign VARCHAR)),
    items STRUCT(sku VARCHAR, qty INTEGER, price DECIMAL(10, 2))[],
    labels VARCHAR[],
    metrics MAP(VARCHAR, DOUBLE)
);

CREATE TABLE sessions (
    session_id VARCHAR NOT NULL,
    user_id BIGINT,
    started_at TIMESTAMP,
    ended_at TIMESTAMP,
    device VARCHAR,
    browser VARCHAR,
    page_views INTEGER,
    bounced BOOLEAN,
    revenue DECIMAL(18, 4)
);

CREATE TABLE inventory (
    warehouse_id SMALLINT,
    product_id INTEGER,
    snapshot_date DATE,
    on_hand INTEGER,
    reserved UINTEGER,
    reorder_point USMALLINT,
    unit_cost DECIMAL(18, 6),
    last_counted TIMESTAMP_S,
    bin_codes VARCHAR[]
);

CREATE TABLE ledger (
    entry_id HUGEINT,
    account_id INTEGER,
    posted_on DATE,
    debit DECIMAL(18, 2),
    credit DECIMAL(18, 2),
    balance DECIMAL(38, 2),
    fx_rate DECIMAL(18, 8),
    cost_center VARCHAR,
    memo VARCHAR,
    reversed BOOLEAN
);

CREATE TABLE accounts (
    account_id INTEGER NOT NULL,
    parent_id INTEGER,
    account_name VARCHAR,
    account_type VARCHAR,
    opened DATE,
    budget DECIMAL(15, 3)
);

CREATE TABLE subscriptions (
    subscription_id INTEGER,
    customer_id BIGINT,
    plan VARCHAR,
    started_on DATE,
    cancelled_on DATE,
    mrr DECIMAL(9, 2),
    seats UTINYINT,
    billing_interval INTERVAL,
    trial_ends TIMESTAMP,
    features VARCHAR[]
);

CREATE TABLE web_logs (
    ts TIMESTAMP_NS,
    ip VARCHAR,
    method VARCHAR,
    url VARCHAR,
    status_code SMALLINT,
    bytes_sent UBIGINT,
    latency_us BIGINT,
    user_agent VARCHAR,
    headers MAP(VARCHAR, VARCHAR[]),
    request_body JSON
);

CREATE TABLE employees (
    employee_id INTEGER NOT NULL,
    manager_id INTEGER,
    full_name VARCHAR,
    job_title VARCHAR,
    level job_level,
    department_id INTEGER,
    salary DECIMAL(10, 2),
    bonus_pct DOUBLE,
    hired DATE,
    shift_start TIME,
    shift_tz TIME WITH TIME ZONE,
    skills VARCHAR[],
    permissions BIT
);

CREATE TABLE departments (
    department_id INTEGER NOT NULL,
    department_name VARCHAR,
    budget BIGINT,
    region VARCHAR
);

CREATE TABLE stores (
    store_id INTEGER,
    store_name VARCHAR,
    country VARCHAR,
    region VARCHAR,
    latitude DOUBLE,
    longitude DOUBLE,
    opened DATE,
    opens TIME,
    closes TIME,
    sq_meters INTEGER
);

CREATE TABLE sales (
    store_id INTEGER,
    product_id INTEGER,
    sale_date DATE,
    units INTEGER,
    revenue DECIMAL(12, 2),
    year INTEGER,
    quarter INTEGER
);

CREATE TABLE monthly_sales (
    region VARCHAR,
    product VARCHAR,
    jan DECIMAL(10, 2),
    feb DECIMAL(10, 2),
    mar DECIMAL(10, 2),
    apr INTEGER
);

CREATE TABLE sensors (
    sensor_id INTEGER,
    read_at TIMESTAMP_MS,
    temperature FLOAT,
    humidity DOUBLE,
    readings DOUBLE[],
    status UTINYINT,
    location STRUCT(x DOUBLE, y DOUBLE),
    raw BLOB,
    flags BIT
);

CREATE TABLE prices (
    ticker VARCHAR,
    quoted_at TIMESTAMP,
    price DOUBLE,
    volume BIGINT
);

CREATE TABLE trades (
    trade_id BIGINT,
    ticker VARCHAR,
    traded_at TIMESTAMP,
    qty INTEGER,
    side VARCHAR
);

CREATE TABLE exotic (
    id INTEGER,
    tiny TINYINT,
    small SMALLINT,
    big BIGINT,
    huge HUGEINT,
    utiny UTINYINT,
    usmall USMALLINT,
    uint UINTEGER,
    ubig UBIGINT,
    uhuge UHUGEINT,
    flt FLOAT,
    dbl DOUBLE,
    dec4 DECIMAL(4, 1),
    dec9 DECIMAL(9, 3),
    dec18 DECIMAL(18, 3),
    dec38 DECIMAL(38, 10),
    txt VARCHAR,
    bin BLOB,
    bits BIT,
    d DATE,
    t TIME,
    ttz TIMETZ,
    ts TIMESTAMP,
    ts_s TIMESTAMP_S,
    ts_ms TIMESTAMP_MS,
    ts_ns TIMESTAMP_NS,
    tstz TIMESTAMPTZ,
    iv INTERVAL,
    uid UUID,
    js JSON,
    mood order_status,
    ints INTEGER[],
    nested INTEGER[][],
    arr INTEGER[3],
    st STRUCT(a INTEGER, b VARCHAR, c STRUCT(d DATE, e DECIMAL(5, 2))),
    sts STRUCT(k VARCHAR, v INTEGER)[],
    mp MAP(VARCHAR, INTEGER),
    un UNION(num INTEGER, str VARCHAR),
    flag BOOLEAN
);

CREATE TABLE airports (
    iata VARCHAR(3) NOT NULL,
    name VARCHAR,
    city VARCHAR,
    country VARCHAR,
    position STRUCT(lat DOUBLE, lon DOUBLE),
    elevation_ft INTEGER,
    tz VARCHAR,
    runways STRUCT(name VARCHAR, length_m INTEGER, surface VARCHAR)[]
);

CREATE TABLE flights (
    flight_id BIGINT NOT NULL,
    carrier VARCHAR,
    flight_no SMALLINT,
    origin VARCHAR(3),
    dest VARCHAR(3),
    scheduled_dep TIMESTAMPTZ,
    actual_dep TIMESTAMPTZ,
    scheduled_arr TIMESTAMPTZ,
    actual_arr TIMESTAMPTZ,
    distance_km DOUBLE,
    seats USMALLINT,
    fares MAP(VARCHAR, DECIMAL(8, 2)),
    delay_reasons VARCHAR[],
    cancelled BOOLEAN
);

CREATE TABLE trips (
    vendor_id TINYINT,
    pickup_at TIMESTAMP,
    dropoff_at TIMESTAMP,
    passenger_count UTINYINT,
    trip_distance FLOAT,
    pickup_zone INTEGER,
    dropoff_zone INTEGER,
    payment_type VARCHAR,
    fare_amount DECIMAL(9, 2),
    tip_amount DECIMAL(9, 2),
    tolls_amount DECIMAL(9, 2),
    total_amount DECIMAL(10, 2),
    store_and_fwd BOOLEAN
);

CREATE TABLE zones (
    zone_id INTEGER NOT NULL,
    borough VARCHAR,
    zone VARCHAR
);

CREATE TABLE patients (
    patient_id UUID NOT NULL,
    name VARCHAR,
    dob DATE,
    sex VARCHAR(1),
    allergies VARCHAR[],
    insurance JSON
);

CREATE TABLE visits (
    visit_id INTEGER NOT NULL,
    patient_id UUID,
    admitted TIMESTAMP,
    discharged TIMESTAMP,
    ward VARCHAR,
    diagnosis_codes VARCHAR[],
    charges DECIMAL(14, 2),
    vitals STRUCT(bp STRUCT(sys SMALLINT, dia SMALLINT), pulse SMALLINT, temp_c DECIMAL(4, 1))
);

CREATE TABLE plays (
    user_id INTEGER,
    track_id INTEGER,
    played_at TIMESTAMP,
    ms_played INTEGER,
    skipped BOOLEAN,
    device VARCHAR
);

CREATE TABLE tracks (
    track_id INTEGER NOT NULL,
    title VARCHAR,
    artists VARCHAR[],
    album VARCHAR,
    duration_ms INTEGER,
    genres VARCHAR[],
    released DATE,
    features STRUCT(tempo DOUBLE, energy FLOAT, "key" TINYINT)
);

CREATE TABLE repo_events (
    id VARCHAR,
    type VARCHAR,
    actor STRUCT(id BIGINT, login VARCHAR),
    repo STRUCT(id BIGINT, name VARCHAR),
    payload JSON,
    public BOOLEAN,
    created_at TIMESTAMP
);

CREATE TABLE meter_readings (
    meter_id INTEGER,
    read_ts TIMESTAMP,
    kwh DECIMAL(12, 4),
    voltage FLOAT[],
    quality VARCHAR
);

CREATE TABLE weather (
    station VARCHAR,
    observed DATE,
    tmin DOUBLE,
    tmax DOUBLE,
    precip_mm DOUBLE,
    conditions VARCHAR
);

CREATE TABLE transactions (
    txn_id UBIGINT,
    card_hash BLOB,
    merchant VARCHAR,
    mcc USMALLINT,
    amount_minor BIGINT,
    currency VARCHAR(3),
    txn_time TIMESTAMP_MS,
    approved BOOLEAN,
    tags MAP(VARCHAR, VARCHAR)
);

CREATE TABLE raw_orders (_id VARCHAR, "Order ID" BIGINT, "Customer Name" VARCHAR, "Ship-To" VARCHAR, doc JSON, _loaded_at TIMESTAMP DEFAULT now(), _deleted BOOLEAN);
CREATE TABLE dim_customer_scd (customer_sk BIGINT, customer_id BIGINT, tier VARCHAR, address STRUCT(city VARCHAR, zip VARCHAR), valid_from TIMESTAMP, valid_to TIMESTAMP, is_current BOOLEAN);
CREATE TABLE clickstream (visitor VARCHAR, ts TIMESTAMP, url VARCHAR, referer VARCHAR, ua VARCHAR, ctx JSON, exp MAP(VARCHAR, STRUCT(variant VARCHAR, weight DOUBLE)), path VARCHAR[]);
CREATE TABLE app_logs (line VARCHAR, host VARCHAR, logged TIMESTAMPTZ, level UTINYINT, tags VARCHAR[]);
CREATE TABLE edges (src INTEGER, dst INTEGER, weight DOUBLE, label VARCHAR);
CREATE TABLE positions (account VARCHAR, isin VARCHAR, as_of DATE, qty DECIMAL(20, 6), px DECIMAL(14, 4), ccy VARCHAR(3), fx DOUBLE);
CREATE TABLE invoices (invoice_id UUID, customer_id BIGINT, issued DATE, due DATE, paid_on DATE, lines STRUCT(sku VARCHAR, qty INTEGER, unit DECIMAL(12, 4), tax_pct DECIMAL(5, 2))[], total DECIMAL(14, 2), currency VARCHAR, meta JSON);
CREATE TABLE wide_kpis (site VARCHAR, kpi_2023 DOUBLE, kpi_2024 DOUBLE, kpi_2025 DOUBLE, units_2023 INTEGER, units_2024 BIGINT, note VARCHAR);
CREATE TABLE geo_points (id INTEGER, lat DOUBLE, lon DOUBLE, h3 UBIGINT, props STRUCT(name VARCHAR, alt FLOAT, hist STRUCT(seen DATE, v INTEGER)[]));
CREATE TABLE texts (id INTEGER, body VARCHAR, lang VARCHAR, raw BLOB, flags BIT, checksum UHUGEINT);
