CREATE TABLE aside (
	contact BYTEA NOT NULL,
	at BIGINT NOT NULL,
	kind VARCHAR COLLATE "C" NOT NULL,
	error VARCHAR COLLATE "C" NOT NULL,
	PRIMARY KEY (contact)
)
;;
CREATE TABLE asked (
	digest VARCHAR COLLATE "C" NOT NULL,
	body BYTEA NOT NULL,
	PRIMARY KEY (digest)
)
;;
CREATE TABLE code_list (
	coupon VARCHAR COLLATE "C" NOT NULL,
	digest VARCHAR COLLATE "C" NOT NULL,
	PRIMARY KEY (coupon)
)
;;
CREATE TABLE contact (
	id BYTEA NOT NULL,
	body BYTEA NOT NULL,
	PRIMARY KEY (id)
)
;;
CREATE TABLE control (
	seq BIGINT NOT NULL,
	at BIGINT NOT NULL,
	kind VARCHAR COLLATE "C" NOT NULL,
	body BYTEA NOT NULL,
	by VARCHAR COLLATE "C" NOT NULL,
	PRIMARY KEY (seq)
)
;;
CREATE TABLE coupon (
	code VARCHAR COLLATE "C" NOT NULL,
	coupon VARCHAR COLLATE "C" NOT NULL,
	contact BYTEA NOT NULL,
	journey BYTEA NOT NULL,
	step VARCHAR COLLATE "C" NOT NULL,
	made BIGINT NOT NULL,
	until BIGINT,
	PRIMARY KEY (code)
)
;;
CREATE INDEX coupon_made ON coupon (made)
;;
CREATE TABLE drawn (
	mark BYTEA NOT NULL,
	contact BYTEA NOT NULL,
	arm VARCHAR COLLATE "C" NOT NULL,
	shares VARCHAR COLLATE "C" NOT NULL,
	at BIGINT NOT NULL,
	until BIGINT NOT NULL,
	counts BOOLEAN NOT NULL,
	score INTEGER NOT NULL,
	worth FLOAT NOT NULL,
	PRIMARY KEY (mark, contact)
)
;;
CREATE TABLE drawn_before (
	mark BYTEA NOT NULL,
	contact BYTEA NOT NULL,
	PRIMARY KEY (mark, contact)
)
;;
CREATE TABLE drawn_sum (
	mark BYTEA NOT NULL,
	arm VARCHAR COLLATE "C" NOT NULL,
	shares VARCHAR COLLATE "C" NOT NULL,
	until BIGINT NOT NULL,
	people BIGINT NOT NULL,
	yes BIGINT NOT NULL,
	worth FLOAT NOT NULL,
	squares FLOAT NOT NULL,
	PRIMARY KEY (mark, arm, shares)
)
;;
CREATE TABLE effect (
	key BYTEA NOT NULL,
	contact BYTEA NOT NULL,
	made BIGINT NOT NULL,
	body BYTEA NOT NULL,
	PRIMARY KEY (key)
)
;;
CREATE TABLE graph (
	digest VARCHAR COLLATE "C" NOT NULL,
	body BYTEA NOT NULL,
	PRIMARY KEY (digest)
)
;;
CREATE TABLE held_back (
	seq SERIAL NOT NULL,
	contact BYTEA NOT NULL,
	body BYTEA NOT NULL,
	PRIMARY KEY (seq)
)
;;
CREATE INDEX held_back_contact ON held_back (contact, seq)
;;
CREATE TABLE inbox (
	seq BIGSERIAL NOT NULL,
	id VARCHAR COLLATE "C",
	kind VARCHAR COLLATE "C" NOT NULL,
	at BIGINT NOT NULL,
	received BIGINT NOT NULL,
	contact BYTEA,
	address VARCHAR COLLATE "C",
	data BYTEA NOT NULL,
	PRIMARY KEY (seq)
)
;;
CREATE INDEX inbox_contact ON inbox (contact)
;;
CREATE UNIQUE INDEX inbox_id ON inbox (id)
;;
CREATE TABLE journal (
	seq BIGSERIAL NOT NULL,
	at BIGINT NOT NULL,
	count INTEGER NOT NULL,
	body BYTEA NOT NULL,
	PRIMARY KEY (seq)
)
;;
CREATE TABLE journey (
	due BIGINT NOT NULL,
	id BYTEA NOT NULL,
	contact BYTEA NOT NULL,
	body BYTEA NOT NULL,
	PRIMARY KEY (due, id)
)
;;
CREATE TABLE journey_of (
	contact BYTEA NOT NULL,
	id BYTEA NOT NULL,
	due BIGINT NOT NULL,
	PRIMARY KEY (contact, id)
)
;;
CREATE TABLE judged (
	digest VARCHAR COLLATE "C" NOT NULL,
	body BYTEA NOT NULL,
	PRIMARY KEY (digest)
)
;;
CREATE TABLE kept_mail (
	key BYTEA NOT NULL,
	contact BYTEA NOT NULL,
	at BIGINT NOT NULL,
	html BOOLEAN NOT NULL,
	body BYTEA NOT NULL,
	PRIMARY KEY (key)
)
;;
CREATE INDEX kept_mail_at ON kept_mail (at)
;;
CREATE TABLE listed_code (
	code VARCHAR COLLATE "C" NOT NULL,
	coupon VARCHAR COLLATE "C" NOT NULL,
	place INTEGER NOT NULL,
	offered BOOLEAN NOT NULL,
	given BOOLEAN NOT NULL,
	PRIMARY KEY (code, coupon)
)
;;
CREATE INDEX free_code ON listed_code (coupon, place) WHERE offered AND NOT given
;;
CREATE TABLE mail (
	key BYTEA NOT NULL,
	contact BYTEA NOT NULL,
	at BIGINT NOT NULL,
	kind INTEGER NOT NULL,
	PRIMARY KEY (key)
)
;;
CREATE INDEX mail_contact ON mail (contact)
;;
CREATE TABLE mail_kind (
	id SERIAL NOT NULL,
	flow VARCHAR COLLATE "C" NOT NULL,
	step VARCHAR COLLATE "C" NOT NULL,
	template VARCHAR COLLATE "C" NOT NULL,
	topic VARCHAR COLLATE "C" NOT NULL,
	PRIMARY KEY (id)
)
;;
CREATE UNIQUE INDEX mail_kind_names ON mail_kind (flow, step, template, topic)
;;
CREATE TABLE note (
	name VARCHAR COLLATE "C" NOT NULL,
	value BYTEA NOT NULL,
	PRIMARY KEY (name)
)
;;
CREATE TABLE product (
	sku VARCHAR COLLATE "C" NOT NULL,
	seen BIGINT NOT NULL,
	body BYTEA NOT NULL,
	PRIMARY KEY (sku)
)
;;
CREATE TABLE release (
	number BIGINT NOT NULL,
	at BIGINT NOT NULL,
	by VARCHAR COLLATE "C" NOT NULL,
	kind VARCHAR COLLATE "C" NOT NULL,
	digest VARCHAR COLLATE "C" NOT NULL,
	program VARCHAR COLLATE "C" NOT NULL,
	policy VARCHAR COLLATE "C" NOT NULL,
	carries BOOLEAN NOT NULL,
	backfills BYTEA NOT NULL,
	body BYTEA NOT NULL,
	PRIMARY KEY (number)
)
;;
CREATE TABLE ruling (
	mark BYTEA NOT NULL,
	version INTEGER NOT NULL,
	at BIGINT NOT NULL,
	flow VARCHAR COLLATE "C" NOT NULL,
	step VARCHAR COLLATE "C" NOT NULL,
	body BYTEA NOT NULL,
	PRIMARY KEY (mark, version)
)
