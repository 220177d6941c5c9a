#!/bin/sh
# Started by miniflare in place of workerd: says under which process id workerd runs, then becomes workerd.
[ -z "$SATCHEL_PID_FILE" ] || echo "$$" > "$SATCHEL_PID_FILE"
exec "$SATCHEL_WORKERD" "$@"
