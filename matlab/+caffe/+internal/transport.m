function pipe = transport(program, arguments)
% pipe = transport(program, arguments)
%   Starts a program whose input and output are read and written here; what it says on standard error goes there.
%
%   pipe.write(bytes)       sends a row of uint8
%   pipe.flush()            lets go what was written
%   pipe.read(count, kind)  waits for count values of the class kind, as a column; fewer where the program has ended
%   pipe.close()            ends its input and waits a little; says how it ended, or '' where it has not
%
%   In Octave by popen2, in MATLAB by the Java in it.

if exist('OCTAVE_VERSION', 'builtin')
  pipe = in_octave(program, arguments);
else
  pipe = in_matlab(program, arguments);
end

end

function pipe = in_octave(program, arguments)

[input, output, id] = popen2(program, arguments);
% Reading gives what is there at once, unless this is said.
fcntl(output, F_SETFL, 0);
pipe.write = @(bytes) fwrite(input, bytes, 'uint8');
pipe.flush = @() fflush(input);
pipe.read = @(count, kind) fread(output, count, [kind '=>' kind]);
pipe.close = @() close_in_octave(input, output, id);

end

function how = close_in_octave(input, output, id)

fclose(input);
how = '';
for attempt = 1:100
  [ended, status] = waitpid(id, WNOHANG);
  if ended == id
    if WIFSIGNALED(status)
      how = sprintf('signal %d', WTERMSIG(status));
    else
      how = sprintf('exit code %d', WEXITSTATUS(status));
    end
    break
  end
  pause(0.02);
end
fclose(output);

end

function pipe = in_matlab(program, arguments)

builder = javaObject('java.lang.ProcessBuilder', [{program}, arguments]);
% The libraries that MATLAB brings are not those of other programs.
environment = builder.environment();
environment.remove('LD_LIBRARY_PATH');
piped = builder.redirectInput();
builder.inheritIO();
builder.redirectInput(piped);
builder.redirectOutput(piped);
process = builder.start();
input = process.getOutputStream();
output = javaMethod('newChannel', 'java.nio.channels.Channels', process.getInputStream());
pipe.write = @(bytes) input.write(typecast(bytes, 'int8'), 0, numel(bytes));
pipe.flush = @() input.flush();
pipe.read = @(count, kind) read_in_matlab(output, count, kind);
pipe.close = @() close_in_matlab(input, process);

end

function values = read_in_matlab(output, count, kind)

values = zeros(0, 1, kind);
if count == 0
  return
end
width = numel(typecast(zeros(1, 1, kind), 'uint8'));
% Java fills memory of its own, since what is given to a method is a copy.
buffer = javaMethod('allocate', 'java.nio.ByteBuffer', count * width);
while buffer.hasRemaining() && output.read(buffer) >= 0
end
if ~buffer.hasRemaining()
  values = typecast(reshape(buffer.array(), [], 1), kind);
end

end

function how = close_in_matlab(input, process)

try
  input.close();
catch
  % It has ended with something unread.
end
how = '';
for attempt = 1:100
  if ~process.isAlive()
    how = sprintf('exit code %d', process.exitValue());
    break
  end
  pause(0.02);
end

end
