#!/bin/sh
# Started by miniflare in place of workerd: says under which process id workerd runs, then becomes workerd.
# Beside it a guard looks twice a second whether the server still lives: after SIGKILL or a crash nobody else would end
# workerd, and it would go on, keep the port, and write to a storage that the next server opens too.
if [ -n "$SATCHEL_PID_FILE" ]; then
  echo "$$" > "$SATCHEL_PID_FILE"
  (
    trap "" HUP INT TERM
    while kill -0 "$$"; do
      kill -0 "$PPID" || kill -9 "$$"
      sleep 0.5
    done
  ) < /dev/null > /dev/null 2>&1 3>&- 4>&- &
fi
exec "$SATCHEL_WORKERD" "$@"
