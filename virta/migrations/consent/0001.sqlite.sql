CREATE TABLE batches (
	seq INTEGER NOT NULL,
	first INTEGER NOT NULL,
	count INTEGER NOT NULL,
	policy VARCHAR NOT NULL,
	sender VARCHAR NOT NULL,
	checkpoint INTEGER NOT NULL,
	PRIMARY KEY (seq)
)
;;
CREATE TABLE checkpoints (
	size INTEGER NOT NULL,
	root BLOB NOT NULL,
	at INTEGER NOT NULL,
	note VARCHAR NOT NULL,
	PRIMARY KEY (size)
)
;;
CREATE TABLE decisions (
	id INTEGER NOT NULL,
	batch INTEGER NOT NULL,
	"key" VARCHAR NOT NULL,
	attempt INTEGER NOT NULL,
	subject VARCHAR NOT NULL,
	class VARCHAR NOT NULL,
	topic VARCHAR NOT NULL,
	template VARCHAR NOT NULL,
	purpose VARCHAR NOT NULL,
	consent_seq INTEGER NOT NULL,
	epoch INTEGER NOT NULL,
	at INTEGER NOT NULL,
	reason VARCHAR,
	outcome VARCHAR,
	code INTEGER NOT NULL,
	settled_at INTEGER NOT NULL,
	counted BOOLEAN NOT NULL,
	variant VARCHAR NOT NULL,
	measured BOOLEAN NOT NULL,
	message_id VARCHAR NOT NULL,
	PRIMARY KEY (id)
)
;;
CREATE INDEX counted_by_subject ON decisions (subject, at) WHERE counted = 1
;;
CREATE INDEX denials_by_key ON decisions ("key") WHERE reason IS NOT NULL
;;
CREATE UNIQUE INDEX one_permit_per_attempt ON decisions ("key", attempt) WHERE reason IS NULL
;;
CREATE UNIQUE INDEX one_unsettled_per_subject ON decisions (subject) WHERE reason IS NULL AND outcome IS NULL
;;
CREATE TABLE doubts (
	subject VARCHAR NOT NULL,
	what VARCHAR NOT NULL,
	at INTEGER NOT NULL,
	PRIMARY KEY (subject, what)
)
 WITHOUT ROWID
;;
CREATE TABLE erasures (
	subject VARCHAR NOT NULL,
	epoch INTEGER NOT NULL,
	seq INTEGER NOT NULL,
	at INTEGER NOT NULL,
	rewritten BOOLEAN NOT NULL,
	primary_at INTEGER NOT NULL,
	backups_at INTEGER NOT NULL,
	held_at INTEGER DEFAULT '0' NOT NULL,
	PRIMARY KEY (subject)
)
 WITHOUT ROWID
;;
CREATE TABLE evidence (
	commitment VARCHAR NOT NULL,
	subject VARCHAR NOT NULL,
	"row" VARCHAR NOT NULL,
	sealed BLOB NOT NULL,
	ip BLOB NOT NULL,
	whole BOOLEAN NOT NULL,
	at INTEGER NOT NULL,
	PRIMARY KEY (commitment)
)
;;
CREATE INDEX evidence_with_ips ON evidence (at) WHERE whole = 1
;;
CREATE INDEX ix_evidence_subject ON evidence (subject)
;;
CREATE TABLE facts (
	name VARCHAR NOT NULL,
	value BLOB NOT NULL,
	PRIMARY KEY (name)
)
;;
CREATE TABLE former (
	lookup BLOB NOT NULL,
	subject VARCHAR NOT NULL,
	address BLOB NOT NULL,
	PRIMARY KEY (lookup)
)
;;
CREATE INDEX ix_former_subject ON former (subject)
;;
CREATE TABLE forms (
	digest VARCHAR NOT NULL,
	body BLOB NOT NULL,
	PRIMARY KEY (digest)
)
;;
CREATE TABLE held (
	subject VARCHAR NOT NULL,
	commitment VARCHAR NOT NULL,
	"row" VARCHAR NOT NULL,
	sealed BLOB NOT NULL,
	PRIMARY KEY (subject, commitment)
)
 WITHOUT ROWID
;;
CREATE TABLE holds (
	subject VARCHAR NOT NULL,
	wrapped BLOB NOT NULL,
	until INTEGER NOT NULL,
	seq INTEGER NOT NULL,
	at INTEGER NOT NULL,
	told INTEGER NOT NULL,
	PRIMARY KEY (subject)
)
 WITHOUT ROWID
;;
CREATE INDEX holds_until ON holds (until)
;;
CREATE TABLE imported (
	import VARCHAR NOT NULL,
	subject VARCHAR NOT NULL,
	topic VARCHAR NOT NULL,
	"row" INTEGER NOT NULL,
	seq INTEGER NOT NULL,
	made INTEGER NOT NULL,
	due INTEGER NOT NULL,
	told INTEGER NOT NULL,
	PRIMARY KEY (import, subject, topic)
)
 WITHOUT ROWID
;;
CREATE INDEX imported_by_row ON imported (import, "row")
;;
CREATE INDEX imported_by_subject ON imported (subject)
;;
CREATE INDEX imported_untold ON imported (due, subject) WHERE told = 0
;;
CREATE TABLE imports (
	id VARCHAR NOT NULL,
	state VARCHAR NOT NULL,
	at INTEGER NOT NULL,
	ended INTEGER NOT NULL,
	position INTEGER NOT NULL,
	body BLOB NOT NULL,
	counts BLOB NOT NULL,
	PRIMARY KEY (id)
)
 WITHOUT ROWID
;;
CREATE TABLE leaves (
	seq INTEGER NOT NULL,
	span INTEGER NOT NULL,
	type VARCHAR NOT NULL,
	subject VARCHAR,
	purpose VARCHAR NOT NULL,
	at INTEGER NOT NULL,
	told BOOLEAN NOT NULL,
	language VARCHAR NOT NULL,
	body BLOB NOT NULL,
	PRIMARY KEY (seq)
)
;;
CREATE INDEX leaves_of_requests ON leaves (seq) WHERE type IN ('request.received', 'request.extended', 'request.answered')
;;
CREATE INDEX leaves_of_subject ON leaves (span, subject, seq) WHERE subject IS NOT NULL
;;
CREATE INDEX leaves_told ON leaves (seq) WHERE told = 1
;;
CREATE TABLE made_up (
	leaf VARCHAR NOT NULL,
	PRIMARY KEY (leaf)
)
 WITHOUT ROWID
;;
CREATE TABLE merged (
	subject VARCHAR NOT NULL,
	"into" VARCHAR NOT NULL,
	ended INTEGER NOT NULL,
	PRIMARY KEY (subject)
)
 WITHOUT ROWID
;;
CREATE INDEX ix_merged_into ON merged ("into")
;;
CREATE TABLE nodes (
	level INTEGER NOT NULL,
	"index" INTEGER NOT NULL,
	hash BLOB NOT NULL,
	PRIMARY KEY (level, "index")
)
 WITHOUT ROWID
;;
CREATE TABLE notices (
	subject VARCHAR NOT NULL,
	"key" VARCHAR NOT NULL,
	until INTEGER NOT NULL,
	mail VARCHAR NOT NULL,
	attempt INTEGER NOT NULL,
	not_before INTEGER NOT NULL,
	PRIMARY KEY (subject)
)
 WITHOUT ROWID
;;
CREATE UNIQUE INDEX notices_by_key ON notices ("key")
;;
CREATE INDEX notices_by_way ON notices (mail, not_before)
;;
CREATE TABLE policies (
	digest VARCHAR NOT NULL,
	body BLOB NOT NULL,
	PRIMARY KEY (digest)
)
;;
CREATE TABLE purposes (
	version VARCHAR NOT NULL,
	topic VARCHAR NOT NULL,
	ground VARCHAR NOT NULL,
	body BLOB NOT NULL,
	PRIMARY KEY (version)
)
;;
CREATE TABLE reports (
	"key" VARCHAR NOT NULL,
	type VARCHAR NOT NULL,
	subject VARCHAR NOT NULL,
	at INTEGER NOT NULL,
	PRIMARY KEY ("key", type)
)
 WITHOUT ROWID
;;
CREATE INDEX ix_reports_subject ON reports (subject)
;;
CREATE TABLE requests (
	id VARCHAR NOT NULL,
	subject VARCHAR NOT NULL,
	language VARCHAR NOT NULL,
	at INTEGER NOT NULL,
	expires INTEGER NOT NULL,
	mail VARCHAR NOT NULL,
	attempt INTEGER NOT NULL,
	not_before INTEGER NOT NULL,
	closed VARCHAR NOT NULL,
	moves VARCHAR DEFAULT '' NOT NULL,
	tells VARCHAR DEFAULT '' NOT NULL,
	PRIMARY KEY (id)
)
;;
CREATE INDEX ix_requests_subject ON requests (subject)
;;
CREATE INDEX requests_by_time ON requests (at) WHERE closed != 'confirmed'
;;
CREATE INDEX requests_queued ON requests (at, id) WHERE mail = 'queued' AND closed = ''
;;
CREATE INDEX requests_that_move ON requests (moves) WHERE moves != ''
;;
CREATE TABLE spent (
	mark INTEGER NOT NULL,
	attempt INTEGER NOT NULL,
	outcome VARCHAR NOT NULL,
	PRIMARY KEY (mark)
)
;;
CREATE TABLE standings (
	subject VARCHAR NOT NULL,
	topic VARCHAR NOT NULL,
	state VARCHAR NOT NULL,
	seq INTEGER NOT NULL,
	version VARCHAR NOT NULL,
	at INTEGER NOT NULL,
	expires INTEGER NOT NULL,
	facts INTEGER DEFAULT '0' NOT NULL,
	asked VARCHAR DEFAULT '' NOT NULL,
	PRIMARY KEY (subject, topic)
)
 WITHOUT ROWID
;;
CREATE INDEX standings_pending ON standings (expires) WHERE expires > 0
;;
CREATE TABLE subjects (
	id VARCHAR NOT NULL,
	lookup BLOB NOT NULL,
	wrapped BLOB NOT NULL,
	address BLOB NOT NULL,
	epoch INTEGER NOT NULL,
	language VARCHAR NOT NULL,
	proofs INTEGER NOT NULL,
	proof_at INTEGER NOT NULL,
	confirmed INTEGER NOT NULL,
	complained INTEGER NOT NULL,
	bounced INTEGER NOT NULL,
	objected INTEGER DEFAULT '0' NOT NULL,
	restricted INTEGER DEFAULT '0' NOT NULL,
	frequency VARCHAR NOT NULL,
	paused_until INTEGER NOT NULL,
	alive INTEGER DEFAULT '0' NOT NULL,
	known BOOLEAN DEFAULT '1' NOT NULL,
	moved INTEGER DEFAULT '0' NOT NULL,
	links_since INTEGER DEFAULT '0' NOT NULL,
	PRIMARY KEY (id),
	UNIQUE (lookup)
)
 WITHOUT ROWID
;;
CREATE TABLE suppressions (
	mark VARCHAR NOT NULL,
	PRIMARY KEY (mark)
)
 WITHOUT ROWID
;;
CREATE TABLE traces (
	id INTEGER NOT NULL,
	batch INTEGER NOT NULL,
	hash BLOB NOT NULL,
	PRIMARY KEY (id)
)
;;
CREATE INDEX ix_traces_batch ON traces (batch)
;;
CREATE TABLE wishes (
	request VARCHAR NOT NULL,
	topic VARCHAR NOT NULL,
	version VARCHAR NOT NULL,
	PRIMARY KEY (request, topic)
)
 WITHOUT ROWID
