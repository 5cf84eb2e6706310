package ledger

// application marks the file as a ledger ("ehpc"), version is that of the schema.
const (
	application = 0x65687063
	version     = 2
)

// details are the columns that describe an attempt. In rows they are those of
// the attempt that settled the row, or that runs.
const details = "attempt, cause, run, worker, job, node, started, ended, memory, error_type, message, task, log, steps"

// cleared takes the details out of a row.
const cleared = `attempt = 0, run = NULL, worker = NULL, job = NULL, node = NULL, started = NULL, ended = NULL, memory = NULL,
	error_type = NULL, message = NULL, task = NULL, log = NULL, steps = NULL, outputs = NULL`

const detailTypes = `
	attempt INTEGER NOT NULL DEFAULT 0, cause TEXT, run TEXT, worker TEXT, job TEXT, node TEXT,
	started INTEGER, ended INTEGER, memory INTEGER, error_type TEXT, message TEXT, task TEXT, log TEXT, steps TEXT`

// rowTypes: attempts counts them; late successes of attempts up to floor are of
// no use, because the row was asked for again since. Attempts up to fresh do not
// count for the row's limits: somebody has given it a new start since.
const rowTypes = `(
	number INTEGER PRIMARY KEY, key TEXT NOT NULL, params TEXT NOT NULL, priority INTEGER NOT NULL DEFAULT 0,
	state TEXT NOT NULL DEFAULT 'waiting', attempts INTEGER NOT NULL DEFAULT 0, floor INTEGER NOT NULL DEFAULT 0,
	fresh INTEGER NOT NULL DEFAULT 0,` +
	detailTypes + `, outputs TEXT)`

const historyTypes = `(number INTEGER NOT NULL, state TEXT NOT NULL,` + detailTypes + `, PRIMARY KEY (number, attempt)) WITHOUT ROWID`

const indexes = `
	CREATE INDEX rows_state ON rows (state, priority DESC, number);
	CREATE INDEX rows_failed ON rows (error_type, task) WHERE state = 'failed';
	CREATE INDEX rows_ended ON rows (ended) WHERE ended IS NOT NULL;`

const schema = `
	CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
	CREATE TABLE rows ` + rowTypes + `;
	CREATE TABLE history ` + historyTypes + `;` + indexes

// archive moves the details of rows into the history; a condition follows. An
// attempt that was still running is lost.
const archive = `INSERT OR REPLACE INTO history (number, state, ` + details + `)
	SELECT number, CASE state WHEN 'running' THEN 'lost' ELSE state END, ` + details + ` FROM rows WHERE attempt > 0 AND `
