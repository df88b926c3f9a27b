CREATE TABLE batches (
	seq BIGSERIAL NOT NULL,
	first BIGINT NOT NULL,
	count BIGINT NOT NULL,
	policy VARCHAR COLLATE "C" NOT NULL,
	sender VARCHAR COLLATE "C" NOT NULL,
	checkpoint BIGINT NOT NULL,
	PRIMARY KEY (seq)
)
;;
CREATE TABLE checkpoints (
	size BIGSERIAL NOT NULL,
	root BYTEA NOT NULL,
	at BIGINT NOT NULL,
	note VARCHAR COLLATE "C" NOT NULL,
	PRIMARY KEY (size)
)
;;
CREATE TABLE decisions (
	id BIGSERIAL NOT NULL,
	batch BIGINT NOT NULL,
	key VARCHAR COLLATE "C" NOT NULL,
	attempt BIGINT NOT NULL,
	subject VARCHAR COLLATE "C" NOT NULL,
	class VARCHAR COLLATE "C" NOT NULL,
	topic VARCHAR COLLATE "C" NOT NULL,
	template VARCHAR COLLATE "C" NOT NULL,
	purpose VARCHAR COLLATE "C" NOT NULL,
	consent_seq BIGINT NOT NULL,
	epoch BIGINT NOT NULL,
	at BIGINT NOT NULL,
	reason VARCHAR COLLATE "C",
	outcome VARCHAR COLLATE "C",
	code BIGINT NOT NULL,
	settled_at BIGINT NOT NULL,
	counted BOOLEAN NOT NULL,
	variant VARCHAR COLLATE "C" NOT NULL,
	measured BOOLEAN NOT NULL,
	message_id VARCHAR COLLATE "C" NOT NULL,
	PRIMARY KEY (id)
)
;;
CREATE INDEX counted_by_subject ON decisions (subject, at) WHERE counted = true
;;
CREATE INDEX denials_by_key ON decisions (key) WHERE reason IS NOT NULL
;;
CREATE UNIQUE INDEX one_permit_per_attempt ON decisions (key, attempt) WHERE reason IS NULL
;;
CREATE UNIQUE INDEX one_unsettled_per_subject ON decisions (subject) WHERE reason IS NULL AND outcome IS NULL
;;
CREATE TABLE doubts (
	subject VARCHAR COLLATE "C" NOT NULL,
	what VARCHAR COLLATE "C" NOT NULL,
	at BIGINT NOT NULL,
	PRIMARY KEY (subject, what)
)
;;
CREATE TABLE erasures (
	subject VARCHAR COLLATE "C" NOT NULL,
	epoch BIGINT NOT NULL,
	seq BIGINT NOT NULL,
	at BIGINT NOT NULL,
	rewritten BOOLEAN NOT NULL,
	primary_at BIGINT NOT NULL,
	backups_at BIGINT NOT NULL,
	held_at BIGINT DEFAULT '0' NOT NULL,
	PRIMARY KEY (subject)
)
;;
CREATE TABLE evidence (
	commitment VARCHAR COLLATE "C" NOT NULL,
	subject VARCHAR COLLATE "C" NOT NULL,
	row VARCHAR COLLATE "C" NOT NULL,
	sealed BYTEA NOT NULL,
	ip BYTEA NOT NULL,
	whole BOOLEAN NOT NULL,
	at BIGINT NOT NULL,
	PRIMARY KEY (commitment)
)
;;
CREATE INDEX evidence_with_ips ON evidence (at) WHERE whole = true
;;
CREATE INDEX ix_evidence_subject ON evidence (subject)
;;
CREATE TABLE facts (
	name VARCHAR COLLATE "C" NOT NULL,
	value BYTEA NOT NULL,
	PRIMARY KEY (name)
)
;;
CREATE TABLE former (
	lookup BYTEA NOT NULL,
	subject VARCHAR COLLATE "C" NOT NULL,
	address BYTEA NOT NULL,
	PRIMARY KEY (lookup)
)
;;
CREATE INDEX ix_former_subject ON former (subject)
;;
CREATE TABLE forms (
	digest VARCHAR COLLATE "C" NOT NULL,
	body BYTEA NOT NULL,
	PRIMARY KEY (digest)
)
;;
CREATE TABLE held (
	subject VARCHAR COLLATE "C" NOT NULL,
	commitment VARCHAR COLLATE "C" NOT NULL,
	row VARCHAR COLLATE "C" NOT NULL,
	sealed BYTEA NOT NULL,
	PRIMARY KEY (subject, commitment)
)
;;
CREATE TABLE holds (
	subject VARCHAR COLLATE "C" NOT NULL,
	wrapped BYTEA NOT NULL,
	until BIGINT NOT NULL,
	seq BIGINT NOT NULL,
	at BIGINT NOT NULL,
	told BIGINT NOT NULL,
	PRIMARY KEY (subject)
)
;;
CREATE INDEX holds_until ON holds (until)
;;
CREATE TABLE imported (
	import VARCHAR COLLATE "C" NOT NULL,
	subject VARCHAR COLLATE "C" NOT NULL,
	topic VARCHAR COLLATE "C" NOT NULL,
	row BIGINT NOT NULL,
	seq BIGINT NOT NULL,
	made BIGINT NOT NULL,
	due BIGINT NOT NULL,
	told BIGINT NOT NULL,
	PRIMARY KEY (import, subject, topic)
)
;;
CREATE INDEX imported_by_row ON imported (import, row)
;;
CREATE INDEX imported_by_subject ON imported (subject)
;;
CREATE INDEX imported_untold ON imported (due, subject) WHERE told = 0
;;
CREATE TABLE imports (
	id VARCHAR COLLATE "C" NOT NULL,
	state VARCHAR COLLATE "C" NOT NULL,
	at BIGINT NOT NULL,
	ended BIGINT NOT NULL,
	position BIGINT NOT NULL,
	body BYTEA NOT NULL,
	counts BYTEA NOT NULL,
	PRIMARY KEY (id)
)
;;
CREATE TABLE leaves (
	seq BIGSERIAL NOT NULL,
	span BIGINT NOT NULL,
	type VARCHAR COLLATE "C" NOT NULL,
	subject VARCHAR COLLATE "C",
	purpose VARCHAR COLLATE "C" NOT NULL,
	at BIGINT NOT NULL,
	told BOOLEAN NOT NULL,
	language VARCHAR COLLATE "C" NOT NULL,
	body BYTEA NOT NULL,
	PRIMARY KEY (seq)
)
;;
CREATE INDEX leaves_of_requests ON leaves (seq) WHERE type IN ('request.received', 'request.extended', 'request.answered')
;;
CREATE INDEX leaves_of_subject ON leaves (span, subject, seq) WHERE subject IS NOT NULL
;;
CREATE INDEX leaves_told ON leaves (seq) WHERE told = true
;;
CREATE TABLE made_up (
	leaf VARCHAR COLLATE "C" NOT NULL,
	PRIMARY KEY (leaf)
)
;;
CREATE TABLE merged (
	subject VARCHAR COLLATE "C" NOT NULL,
	"into" VARCHAR COLLATE "C" NOT NULL,
	ended BIGINT NOT NULL,
	PRIMARY KEY (subject)
)
;;
CREATE INDEX ix_merged_into ON merged ("into")
;;
CREATE TABLE nodes (
	level BIGINT NOT NULL,
	index BIGINT NOT NULL,
	hash BYTEA NOT NULL,
	PRIMARY KEY (level, index)
)
;;
CREATE TABLE notices (
	subject VARCHAR COLLATE "C" NOT NULL,
	key VARCHAR COLLATE "C" NOT NULL,
	until BIGINT NOT NULL,
	mail VARCHAR COLLATE "C" NOT NULL,
	attempt BIGINT NOT NULL,
	not_before BIGINT NOT NULL,
	PRIMARY KEY (subject)
)
;;
CREATE UNIQUE INDEX notices_by_key ON notices (key)
;;
CREATE INDEX notices_by_way ON notices (mail, not_before)
;;
CREATE TABLE policies (
	digest VARCHAR COLLATE "C" NOT NULL,
	body BYTEA NOT NULL,
	PRIMARY KEY (digest)
)
;;
CREATE TABLE purposes (
	version VARCHAR COLLATE "C" NOT NULL,
	topic VARCHAR COLLATE "C" NOT NULL,
	ground VARCHAR COLLATE "C" NOT NULL,
	body BYTEA NOT NULL,
	PRIMARY KEY (version)
)
;;
CREATE TABLE reports (
	key VARCHAR COLLATE "C" NOT NULL,
	type VARCHAR COLLATE "C" NOT NULL,
	subject VARCHAR COLLATE "C" NOT NULL,
	at BIGINT NOT NULL,
	PRIMARY KEY (key, type)
)
;;
CREATE INDEX ix_reports_subject ON reports (subject)
;;
CREATE TABLE requests (
	id VARCHAR COLLATE "C" NOT NULL,
	subject VARCHAR COLLATE "C" NOT NULL,
	language VARCHAR COLLATE "C" NOT NULL,
	at BIGINT NOT NULL,
	expires BIGINT NOT NULL,
	mail VARCHAR COLLATE "C" NOT NULL,
	attempt BIGINT NOT NULL,
	not_before BIGINT NOT NULL,
	closed VARCHAR COLLATE "C" NOT NULL,
	moves VARCHAR COLLATE "C" DEFAULT '' NOT NULL,
	tells VARCHAR COLLATE "C" DEFAULT '' NOT NULL,
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
	mark BIGSERIAL NOT NULL,
	attempt BIGINT NOT NULL,
	outcome VARCHAR COLLATE "C" NOT NULL,
	PRIMARY KEY (mark)
)
;;
CREATE TABLE standings (
	subject VARCHAR COLLATE "C" NOT NULL,
	topic VARCHAR COLLATE "C" NOT NULL,
	state VARCHAR COLLATE "C" NOT NULL,
	seq BIGINT NOT NULL,
	version VARCHAR COLLATE "C" NOT NULL,
	at BIGINT NOT NULL,
	expires BIGINT NOT NULL,
	facts BIGINT DEFAULT '0' NOT NULL,
	asked VARCHAR COLLATE "C" DEFAULT '' NOT NULL,
	PRIMARY KEY (subject, topic)
)
;;
CREATE INDEX standings_pending ON standings (expires) WHERE expires > 0
;;
CREATE TABLE subjects (
	id VARCHAR COLLATE "C" NOT NULL,
	lookup BYTEA NOT NULL,
	wrapped BYTEA NOT NULL,
	address BYTEA NOT NULL,
	epoch BIGINT NOT NULL,
	language VARCHAR COLLATE "C" NOT NULL,
	proofs BIGINT NOT NULL,
	proof_at BIGINT NOT NULL,
	confirmed BIGINT NOT NULL,
	complained BIGINT NOT NULL,
	bounced BIGINT NOT NULL,
	objected BIGINT DEFAULT '0' NOT NULL,
	restricted BIGINT DEFAULT '0' NOT NULL,
	frequency VARCHAR COLLATE "C" NOT NULL,
	paused_until BIGINT NOT NULL,
	alive BIGINT DEFAULT '0' NOT NULL,
	known BOOLEAN DEFAULT '1' NOT NULL,
	moved BIGINT DEFAULT '0' NOT NULL,
	links_since BIGINT DEFAULT '0' NOT NULL,
	PRIMARY KEY (id),
	UNIQUE (lookup)
)
;;
CREATE TABLE suppressions (
	mark VARCHAR COLLATE "C" NOT NULL,
	PRIMARY KEY (mark)
)
;;
CREATE TABLE traces (
	id BIGSERIAL NOT NULL,
	batch BIGINT NOT NULL,
	hash BYTEA NOT NULL,
	PRIMARY KEY (id)
)
;;
CREATE INDEX ix_traces_batch ON traces (batch)
;;
CREATE TABLE wishes (
	request VARCHAR COLLATE "C" NOT NULL,
	topic VARCHAR COLLATE "C" NOT NULL,
	version VARCHAR COLLATE "C" NOT NULL,
	PRIMARY KEY (request, topic)
)
