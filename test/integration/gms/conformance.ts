/**
 * What the Chat API Version 2 demands, and where each demand is proved. Sections and marks are those of the reference: D is
 * documented, C was seen in a client or on the wire. A row ends in `file: name of a test`, or in `- why it does not apply`.
 */

/** One demand. */
export interface Demand {
  readonly section: string;
  readonly mark: "D" | "C" | "DC";
  readonly demand: string;
  /** Where it is proved; absent where it does not apply. */
  readonly proof?: { readonly file: string; readonly test: string };
  /** Why it does not apply; absent where it is proved. */
  readonly reason?: string;
}

const TABLE = `
1 | DC | the address has a base, a service's name, the chat's id and the operation | operations: a start answers the credentials, the customer's own joining at index 1, and where to read on
1 | D | the name selects a service | envelope: is the answer at another service's address
1 | DC | every operation is a POST | envelope: by any other method than POST, which the answer names
1 | C | a start with a slash at the end, and without | bodies: a chat starts with a slash at the end of the address and without it
1 | DC | both encodings on every operation that sends no file | operations: in %s
1 | C | UTF-8, with + or %20 for a blank | bodies: a blank is sent as + or as %20
1 | C | a body that begins with & | bodies: a body may begin with &
1 | C | empty credentials at a start | bodies: a start takes empty credentials and an empty subject, address and text, in %s
1 | C | unknown parameters | bodies: parameters that nobody knows are ignored on every operation
1 | C | transcriptPosition on any operation | bodies: a position of a session that knows none is taken on every operation
1 | C | message on refresh and disconnect | bodies: what stands in the input box rides on a refresh and is shown to agents, and is no message
1 | DC | userData[key], nested keys, and keys in quotes | bodies: user data is taken in every notation that was seen
1 | D | JSON, and HTTP 200 for what was processed | envelope: is the answer to each change after the end, and to no reading
1 | C | limits and uploads answer pure JSON text | operations: file/limits is one notice without index, and its data once more beside it
1 | C | apikey, x-api-key, Authorization and gms_user are ignored where no key is set | bodies: headers of widgets and SDKs mean nothing where the service has no key
1 | C | a preflight on every address, for all headers of clients | browsers: a page of %s may send every header that widgets send
1 | C | with cookies the origin is echoed | browsers: names the page's origin, and lets it send cookies
1 | C | an answer within three seconds | conversations: a hundred widgets that poll at once are all answered within a widget's patience
1 | C | polls every half second, and at most every thirty | unit/router: with nothing new costs one call of the session
1 | DC | ids are opaque text | operations: a start answers the credentials, the customer's own joining at index 1, and where to read on
1.1 | D | credentials come with the start and go into every request | operations: every operation but the start and the download is refused without a key
1.1 | D | alias may be a constant, and clients may send the newest | bodies: alias and userId need not be sent; a userId that is sent must be the customer's own
1.1 | C | secureKey is sufficient, userId and alias are not needed | bodies: alias and userId need not be sent; a userId that is sent must be the customer's own
1.1 | D | secureKey is good for this session alone | envelope: is the answer to wrong credentials of every kind, so that nobody learns which sessions exist
1.1 | C | what an answer names takes the place of what was stored | conversations: files go both ways to the last that is allowed, and a page that is loaded again shows the same chat
2.1 | D | statusCode 0 where all fields are valid | operations: refresh gives what is new and where to read on, also where nothing is
2.1 | D | statusCode 1 where the same may work later | unit/status: %s has an answer that clients can read
2.1 | D | statusCode 2 where it never will | unit/status: %s ends a chat only where there is none any more
2.1 | DC | chatEnded is in every answer, and true once the chat is over | operations: disconnect ends the chat, a repeat is as good as the first, and a refresh still tells of the end
2.1 | DC | chatId is in every answer | envelope: is the answer to wrong credentials of every kind, so that nobody learns which sessions exist
2.1 | D | secureKey, userId and alias are in every success | operations: a start answers the credentials, the customer's own joining at index 1, and where to read on
2.1 | D | nextPosition is where to read on | events: %s on a refresh, and nextPosition is behind the last event
2.1 | DC | messages is a list, [] where there is none | operations: refresh gives what is new and where to read on, also where nothing is
2.1 | DC | monitored while a supervisor watches | supervisors: a poll says that a supervisor is in the session, silent or not, and not who
2.1 | C | idleTimerExpire in seconds, once the inactivity control has alerted | inactivity: polling does not count as speaking, and the countdown runs in its answers
2.1 | C | userData with file-id after an upload | operations: a file is sent as multipart, the file before the credentials or after them
2.1 | C | errors with code and advice | envelope: %s with %j
2.1 | C | the published answer of a send | operations: send makes a message with the sender's own kind, which comes back with the next refresh
2.1 | C | the published answer of a dead session: no secureKey, userId or nextPosition | envelope: is the answer to each change after the end, and to no reading
2.2 | D | HTTP 200 also for statusCode 2 of a dead session | envelope: is the answer to each change after the end, and to no reading
2.2 | C | HTTP 400 with errors for wrong data | envelope: %s with %j
2.2 | C | an unknown service | envelope: on the service %s, which is none
2.2 | C | no connection: polling goes on when the server is back | conversations: a chat outlives a server that is killed: the widget polls on, and nothing is missing or comes twice
2.2 | D | 400 on a refresh after the end, as a Version 1 option | - an option of Version 1; Version 2 answers 200 and chatEnded
2.3 | C | 100 a parameter is missing | envelope: %s with %j
2.3 | C | 102, 103, 161 names | envelope: without any name
2.3 | C | 201 too many files, with the limit | uploads: one file more than the limit, and the advice is the limit
2.3 | C | 202 too large, with the limit in bytes | uploads: a file over a limit of megabytes, as soon as its part begins
2.3 | C | 203 the type | uploads: a type that is not allowed
2.3 | C | 204 the message is too long | envelope: by the service's own limit of a message, which the advice tells
2.3 | C | 204 is dropped on a refresh | events: with a preview that no reader could take is shown without what is wrong in it
2.3 | C | 240 no new chat now | - nothing limits the number of chats
2.3 | C | 249 a dead session, with a reference | envelope: the reference in a dead session's answer is the request's id
2.3 | C | 306 an unknown service | envelope: on the service %s, which is none
2.3 | C | 364 a mail address | envelope: with an address that is none
2.3 | C | 401, 403 and 5xx | browsers: refuses a start with %s
2.3 | C | a refused upload is HTTP 400 and leaves chatEnded false | uploads: is refused, with nothing charged and nothing left,
3 | DC | index is unique and only grows | events: everything that either side does is drawn by the widget, once, in its order
3 | D | type | unit/write: %j has index, type, time and author, and what widgets use
3 | DC | utcTime in milliseconds on every event | unit/write: %j has index, type, time and author, and what widgets use
3 | DC | from with nickname, participantId and type on every event | unit/write: %j has index, type, time and author, and what widgets use
3 | DC | text | events: everything that either side does is drawn by the widget, once, in its order
3 | DC | messageType is the sender's own | operations: send makes a message with the sender's own kind, which comes back with the next refresh
3 | C | userData is text alone | unit/write: %j has text alone in its userData
3 | C | eventAttributes on events | - nothing here makes any: no bots, no structured messages
3.1 | D | ParticipantJoined, the client's own at index 1 | operations: a start answers the credentials, the customer's own joining at index 1, and where to read on
3.1 | DC | ParticipantLeft after a disconnect, and after an agent's release | conversations: not when the agent leaves: the widget hides its button, and the chat goes on with another agent
3.1 | D | Message | events: everything that either side does is drawn by the widget, once, in its order
3.1 | DC | TypingStarted and TypingStopped, with an index and perhaps a preview | events: takes an index of its own, and is not in the transcript
3.1 | C | gaps in indexes where typing was, and none given twice | events: is gone after a restart, and no index that was given is given again
3.1 | DC | PushUrl | operations: pushUrl shows a URL to the agent, and to its own sender
3.1 | D | NicknameUpdated | operations: updateNickname renames the customer, and the event is from the new name
3.1 | C | FileUploaded, whoever sent the file | events: an agent's file is announced with everything a widget uses, as text, and not with the stored document
3.1 | C | FileDeleted | operations: download gives the bytes and delete takes them away
3.1 | DC | CustomNotice | operations: customNotice makes a notice with its data
3.1 | C | Notice for the limits | operations: file/limits is one notice without index, and its data once more beside it
3.1 | C | IdleAlert with what is next and when | inactivity: two alerts tell what is next and when, then the chat is closed and every poll says that it has ended
3.1 | C | IdleClose, then the chat has ended | inactivity: two alerts tell what is next and when, then the chat is closed and every poll says that it has ended
3.1 | C | no type of our own | unit/write: is written for every type of the native door but a grant, which clients learn of by their limits, and what was rejected, which is for agents
3.2 | C | absent or 1: everything | events: that is absent gives the whole transcript
3.2 | C | 0: nothing | events: 0 gives nothing
3.2 | C | n: from there | events: n gives what begins there
3.2 | C | -1: the last event | events: -1 gives the last event alone
3.2 | D | on a send: events from there, or none | events: %s on a send, and nextPosition all the same
3.2 | C | the last event can be read again | events: of the last event gives that one
3.3 | C | a bot's mark | - there are no bots
3.3 | C | structured content | - there are no structured messages
3.3 | C | eventAttributes of a reply | bodies: eventAttributes on a message are taken, and the message is sent
3.3 | C | eventAttributes that cancel the idle timer | inactivity: the widget's answer to an alert starts the control anew, and nobody sees an event
4.1 | D | nickname, or both names with a blank between | bodies: a start takes empty credentials and an empty subject, address and text, in %s
4.1 | D | subject, address and attached data | unit/router: a start keeps subject, address, language, time zone and what is attached
4.1 | D | TimeZone in minutes | unit/read: of %j minutes is %j
4.1 | C | text, empty or the first message | bodies: a start's text is the customer's first message, and comes with the first refresh
4.1 | C | endpoint and tenantName | bodies: parameters that nobody knows are ignored on every operation
4.1 | C | what widgets attach by themselves | bodies: a start takes what widgets attach by themselves, with addresses of pages as long as they get
4.1 | DC | switches of asynchronous mode and push | - out of scope; they are kept as attached data and switch nothing
4.1 | D | the answer has everything for the next request | operations: a start answers the credentials, the customer's own joining at index 1, and where to read on
4.1 | C | missing names, a bad address, an unknown service | envelope: a start is refused
4.2 | DC | send: message, messageType, position, eventAttributes | operations: send gives the events from the position that it names
4.2 | C | a sender's own message comes back through refresh | operations: send makes a message with the sender's own kind, which comes back with the next refresh
4.3 | DC | refresh: events from a position, a preview that is no message | bodies: what stands in the input box rides on a refresh and is shown to agents, and is no message
4.3 | D | a client that stops asking is disconnected | inactivity: that has stopped asking is disconnected; one that polls, or only sends what it types, stays
4.4 | D | disconnect ends the chat | operations: disconnect ends the chat, a repeat is as good as the first, and a refresh still tells of the end
4.5 | DC | startTyping and stopTyping, with preview and position | operations: %s tells the agent with its preview, and takes an index
4.6 | DC | pushUrl | operations: pushUrl shows a URL to the agent, and to its own sender
4.7 | DC | updateNickname | operations: updateNickname renames the customer, and the event is from the new name
4.8 | DC | customNotice with text and data | operations: customNotice makes a notice with its data
4.8 | C | customNotice with eventAttributes alone | operations: customNotice without a text makes no event that anybody sees
4.9 | C | updateData merges | unit/router: updateData merges, and an empty value takes its key away
4.10 | DC | readReceipt | operations: readReceipt is what the agent sees of how far the customer has read, and never goes back
4.11 | C | file/limits: one notice without index, not in the transcript | operations: file/limits is one notice without index, and its data once more beside it
4.11 | D | limits are checked again at each upload | uploads: is refused, with nothing charged and nothing left,
4.12 | DC | file: part file, credentials, userData[file-description] | operations: a file is sent as multipart, the file before the credentials or after them
4.12 | C | the file before the credentials | early-files: credentials that come late are as good as others, however slowly the form is sent
4.12 | C | file-id in the answer, and FileUploaded for everybody | uploads: %s arrives at the agent as it was sent
4.12 | C | 400 with 201, 202, 203 | uploads: is refused, with nothing charged and nothing left,
4.12 | D | permission, then the store, then the announcement | early-files: a file before its credentials takes no quota until it is claimed, and is then held to what is left
4.13 | C | download by a form's navigation: bytes, type, attachment | downloads: of %s is an attachment of that name with its bytes and its type, in both encodings
4.13 | C | no key of the service on a navigation | downloads: needs no key of the service: a form cannot send headers
4.13 | D | attempts are counted for each session | downloads: is refused once all attempts are taken, by either door, and takes nothing more
4.13 | C | a POST that a browser repeats | downloads: that a browser sends twice takes one attempt
4.14 | DC | delete | downloads: takes the bytes away for everybody, and gives the share of the limits back
4.15 | DC | every name of an operation | operations: every operation but the start and the download is refused without a key
5.1 | D | upload-max-files, upload-max-file-size, upload-max-total-size; 0 disables | uploads: a file where customers send none
5.1 | C | upload-file-types with colons | unit/write: limits are a notice without index whose values are all text
5.1 | C | upload-need-agent | uploads: a file that needs an agent is taken once one is there, and not when the last has left
5.1 | DC | download-attempts | downloads: is refused once all attempts are taken, by either door, and takes nothing more
5.1 | C | delete-file tells whether a share comes back | downloads: keeps the share where the service says so, and says so in the limits
5.1 | C | what is used | uploads: the limits tell an agent's absence, and what is used after each file
5.2 | D | limits are for customers alone | conversations: files go both ways to the last that is allowed, and a page that is loaded again shows the same chat
5.2 | D | 0 in any of three disables | uploads: a file where customers send none
5.2 | C | count, size, total, type, agent | uploads: more than is left of the total, and the advice is the whole total
5.2 | D | options take effect at once | - proved for every door by test/integration/api/limits.test.ts
8.2 | D | file-name and file-size, in bytes | events: an agent's file is announced with everything a widget uses, as text, and not with the stored document
8.2 | D | file-source ucs | events: an agent's file is announced with everything a widget uses, as text, and not with the stored document
8.2 | D | file-document-id | - mandatory between servers; clients never use it, and it stays inside
8.2 | D | file-upload-type and file-upload-path | unit/write: %j has index, type, time and author, and what widgets use
8.2 | C | file-description | uploads: a name is told as it was sent, without a path and without what no line may hold
8.2 | D | file-id | operations: a file is sent as multipart, the file before the credentials or after them
9.1 | D | upload-max-files, upload-max-file-size, upload-max-total-size with their defaults | operations: file/limits is one notice without index, and its data once more beside it
9.1 | C | upload-file-types, upload-need-agent, download-attempts, delete-file | operations: file/limits is one notice without index, and its data once more beside it
9.2 | D | timeout-alert, timeout-alert2, timeout-close and their messages, in this order | inactivity: two alerts tell what is next and when, then the chat is closed and every poll says that it has ended
9.2 | D | activity stops everything and starts anew | inactivity: a message starts the control anew
9.2 | D | include-notices, async-idle-notices, async-idle-close | - no options of ours: everything that leaves an event counts, and there is no asynchronous mode
9.3 | D | flex-disconnect-timeout, as disconnect-timeout | inactivity: that has stopped asking is disconnected; one that polls, or only sends what it types, stays
9.3 | D | a limit of a packet, as max-message-length | envelope: by the service's own limit of a message, which the advice tells
9.3 | D | the other options of the section | - no options of ours
9.4 | DC | versions of the protocol | - nothing that a client of this door sends or reads
9.5 | D | masking | - no options of ours
14 | DC | 1 both addresses of a start | bodies: a chat starts with a slash at the end of the address and without it
14 | C | 2 the file before the credentials | early-files: credentials that come late are as good as others, however slowly the form is sent
14 | C | 3 limits as multipart | operations: file/limits is one notice without index, and its data once more beside it
14 | C | 4 a download is a form's navigation | downloads: of %s is an attachment of that name with its bytes and its type, in both encodings
14 | DC | 5 index, from, type and utcTime on every event | unit/write: %j has index, type, time and author, and what widgets use
14 | C | 6 userData values are text | unit/write: %j has text alone in its userData
14 | DC | 7 chatEnded and chatId in every answer | envelope: %s with %j
14 | C | 8 a refused upload is 400, a dead session 200 | envelope: is the answer to each change after the end, and to no reading
14 | D | 9 nextPosition without messages | events: %s on a refresh, and nextPosition is behind the last event
14 | C | 10 a refresh with a message is no message | bodies: what stands in the input box rides on a refresh and is shown to agents, and is no message
14 | C | 11 empty credentials at a start | bodies: a start takes empty credentials and an empty subject, address and text, in %s
14 | C | 12 an answer in three seconds | conversations: a hundred widgets that poll at once are all answered within a widget's patience
14 | C | 13 own messages come back | operations: send makes a message with the sender's own kind, which comes back with the next refresh
14 | C | 14 limits without index | operations: file/limits is one notice without index, and its data once more beside it
14 | C | 15 unknown parameters | bodies: parameters that nobody knows are ignored on every operation
`;

/** Every row of the table. Throws on one that is not written as the rows are. */
export function demands(): readonly Demand[] {
  return TABLE.trim().split("\n").map(readRow);
}

function readRow(row: string): Demand {
  const [section = "", mark, demand, proof = "", ...more] = row.split(" | ");
  const [, file, test] = /^([\w/-]+): (.+)$/.exec(proof) ?? [];
  const [, reason] = /^- (.+)$/.exec(proof) ?? [];
  const known = mark === "D" || mark === "C" || mark === "DC";
  if (!known || demand === undefined || more.length > 0) throw new Error(`not a row: ${row}`);
  if (file !== undefined && test !== undefined) return { section, mark, demand, proof: { file, test } };
  if (reason !== undefined) return { section, mark, demand, reason };
  throw new Error(`neither a test nor a reason: ${row}`);
}
