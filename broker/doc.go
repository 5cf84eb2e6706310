// Package broker holds everything that knows about NATS: the server embedded
// in the launcher, its credentials and access files, the subjects, and the
// connections of coordinator, workers and clients.
//
// A cluster has one state folder. It holds the certificate authority, the keys
// and the port, so that a restarted launcher is the same broker to everybody
// who holds an access file. Nobody gets in without TLS 1.3 under that authority
// and a key of that folder: one for clients, and one for each job, from the
// submission of the job (Grant) to its end (Revoke). docs/security.md has the model.
package broker
