CREATE TABLE aside (
	contact BLOB NOT NULL,
	at BIGINT NOT NULL,
	kind VARCHAR NOT NULL,
	error VARCHAR NOT NULL,
	cause VARCHAR NOT NULL,
	flow VARCHAR NOT NULL,
	step VARCHAR NOT NULL,
	PRIMARY KEY (contact)
)
;;
CREATE TABLE asked (
	digest VARCHAR NOT NULL,
	body BLOB NOT NULL,
	PRIMARY KEY (digest)
)
;;
CREATE TABLE code_list (
	coupon VARCHAR NOT NULL,
	digest VARCHAR NOT NULL,
	PRIMARY KEY (coupon)
)
 WITHOUT ROWID
;;
CREATE TABLE contact (
	id BLOB NOT NULL,
	body BLOB NOT NULL,
	PRIMARY KEY (id)
)
;;
CREATE TABLE control (
	seq BIGINT NOT NULL,
	at BIGINT NOT NULL,
	kind VARCHAR NOT NULL,
	body BLOB NOT NULL,
	"by" VARCHAR NOT NULL,
	PRIMARY KEY (seq)
)
;;
CREATE TABLE coupon (
	code VARCHAR NOT NULL,
	coupon VARCHAR NOT NULL,
	contact BLOB NOT NULL,
	journey BLOB NOT NULL,
	step VARCHAR NOT NULL,
	made BIGINT NOT NULL,
	until BIGINT,
	PRIMARY KEY (code)
)
 WITHOUT ROWID
;;
CREATE INDEX coupon_made ON coupon (made)
;;
CREATE TABLE drawn (
	mark BLOB NOT NULL,
	contact BLOB NOT NULL,
	arm VARCHAR NOT NULL,
	shares VARCHAR NOT NULL,
	at BIGINT NOT NULL,
	until BIGINT NOT NULL,
	counts BOOLEAN NOT NULL,
	score INTEGER NOT NULL,
	worth FLOAT NOT NULL,
	PRIMARY KEY (mark, contact)
)
 WITHOUT ROWID
;;
CREATE TABLE drawn_before (
	mark BLOB NOT NULL,
	contact BLOB NOT NULL,
	PRIMARY KEY (mark, contact)
)
 WITHOUT ROWID
;;
CREATE TABLE drawn_sum (
	mark BLOB NOT NULL,
	arm VARCHAR NOT NULL,
	shares VARCHAR NOT NULL,
	until BIGINT NOT NULL,
	people BIGINT NOT NULL,
	yes BIGINT NOT NULL,
	worth FLOAT NOT NULL,
	squares FLOAT NOT NULL,
	PRIMARY KEY (mark, arm, shares)
)
 WITHOUT ROWID
;;
CREATE TABLE effect (
	"key" BLOB NOT NULL,
	contact BLOB NOT NULL,
	made BIGINT NOT NULL,
	body BLOB NOT NULL,
	PRIMARY KEY ("key")
)
 WITHOUT ROWID
;;
CREATE TABLE erased (
	contact BLOB NOT NULL,
	searched BIGINT NOT NULL,
	clean BOOLEAN NOT NULL,
	told BOOLEAN NOT NULL,
	PRIMARY KEY (contact)
)
 WITHOUT ROWID
;;
CREATE TABLE graph (
	digest VARCHAR NOT NULL,
	body BLOB NOT NULL,
	PRIMARY KEY (digest)
)
;;
CREATE TABLE held_back (
	seq INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	contact BLOB NOT NULL,
	body BLOB NOT NULL
)
;;
CREATE INDEX held_back_contact ON held_back (contact, seq)
;;
CREATE TABLE inbox (
	seq INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	id VARCHAR,
	kind VARCHAR NOT NULL,
	at BIGINT NOT NULL,
	received BIGINT NOT NULL,
	contact BLOB,
	address VARCHAR,
	data BLOB NOT NULL
)
;;
CREATE INDEX inbox_contact ON inbox (contact)
;;
CREATE UNIQUE INDEX inbox_id ON inbox (id)
;;
CREATE TABLE journal (
	seq INTEGER NOT NULL,
	at BIGINT NOT NULL,
	count INTEGER NOT NULL,
	body BLOB NOT NULL,
	PRIMARY KEY (seq)
)
;;
CREATE TABLE journey (
	slot INTEGER NOT NULL,
	contact BLOB NOT NULL,
	id BLOB NOT NULL,
	pin INTEGER NOT NULL,
	node INTEGER NOT NULL,
	epoch INTEGER NOT NULL,
	due BIGINT NOT NULL,
	clock VARCHAR NOT NULL,
	plain BOOLEAN NOT NULL,
	body BLOB NOT NULL,
	PRIMARY KEY (slot)
)
;;
CREATE TABLE judged (
	digest VARCHAR NOT NULL,
	body BLOB NOT NULL,
	PRIMARY KEY (digest)
)
;;
CREATE TABLE kept_mail (
	"key" BLOB NOT NULL,
	contact BLOB NOT NULL,
	at BIGINT NOT NULL,
	html BOOLEAN NOT NULL,
	body BLOB NOT NULL,
	PRIMARY KEY ("key")
)
;;
CREATE INDEX kept_mail_at ON kept_mail (at)
;;
CREATE TABLE listed_code (
	code VARCHAR NOT NULL,
	coupon VARCHAR NOT NULL,
	place INTEGER NOT NULL,
	offered BOOLEAN NOT NULL,
	given BOOLEAN NOT NULL,
	PRIMARY KEY (code, coupon)
)
 WITHOUT ROWID
;;
CREATE INDEX free_code ON listed_code (coupon, place) WHERE offered = 1 AND given = 0
;;
CREATE TABLE mail (
	"key" BLOB NOT NULL,
	contact BLOB NOT NULL,
	at BIGINT NOT NULL,
	kind INTEGER NOT NULL,
	PRIMARY KEY ("key")
)
 WITHOUT ROWID
;;
CREATE INDEX mail_contact ON mail (contact)
;;
CREATE TABLE mail_kind (
	id INTEGER NOT NULL,
	flow VARCHAR NOT NULL,
	step VARCHAR NOT NULL,
	template VARCHAR NOT NULL,
	topic VARCHAR NOT NULL,
	PRIMARY KEY (id)
)
;;
CREATE UNIQUE INDEX mail_kind_names ON mail_kind (flow, step, template, topic)
;;
CREATE TABLE note (
	name VARCHAR NOT NULL,
	value BLOB NOT NULL,
	PRIMARY KEY (name)
)
;;
CREATE TABLE pin (
	number INTEGER NOT NULL,
	digest VARCHAR NOT NULL,
	flow VARCHAR NOT NULL,
	PRIMARY KEY (number)
)
;;
CREATE UNIQUE INDEX pin_names ON pin (digest, flow)
;;
CREATE TABLE product (
	sku VARCHAR NOT NULL,
	seen BIGINT NOT NULL,
	body BLOB NOT NULL,
	PRIMARY KEY (sku)
)
 WITHOUT ROWID
;;
CREATE TABLE release (
	number BIGINT NOT NULL,
	at BIGINT NOT NULL,
	"by" VARCHAR NOT NULL,
	kind VARCHAR NOT NULL,
	digest VARCHAR NOT NULL,
	program VARCHAR NOT NULL,
	policy VARCHAR NOT NULL,
	carries BOOLEAN NOT NULL,
	backfills BLOB NOT NULL,
	body BLOB NOT NULL,
	PRIMARY KEY (number)
)
;;
CREATE TABLE retry (
	"key" BLOB NOT NULL,
	kind VARCHAR NOT NULL,
	tries INTEGER NOT NULL,
	due BIGINT NOT NULL,
	attempt INTEGER NOT NULL,
	PRIMARY KEY ("key")
)
 WITHOUT ROWID
;;
CREATE TABLE ruling (
	mark BLOB NOT NULL,
	version INTEGER NOT NULL,
	at BIGINT NOT NULL,
	flow VARCHAR NOT NULL,
	step VARCHAR NOT NULL,
	body BLOB NOT NULL,
	PRIMARY KEY (mark, version)
)
 WITHOUT ROWID
;;
CREATE TABLE timer (
	due BIGINT NOT NULL,
	slot INTEGER NOT NULL,
	PRIMARY KEY (due, slot)
)
 WITHOUT ROWID
;;
CREATE TABLE unknown (
	"key" BLOB NOT NULL,
	contact BLOB NOT NULL,
	at BIGINT NOT NULL,
	body BLOB NOT NULL,
	PRIMARY KEY ("key")
)
 WITHOUT ROWID
;;
CREATE TABLE watch (
	due BIGINT NOT NULL,
	contact BLOB NOT NULL,
	PRIMARY KEY (due, contact)
)
 WITHOUT ROWID
