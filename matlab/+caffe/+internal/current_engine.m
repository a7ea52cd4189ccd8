function engine = current_engine(action, request)
% engine = current_engine()
%   The engine, which starts when it is first needed and ends with this program.
% current_engine('set', request)
%   Asks it for a setting, of which an engine that takes its place is told too.
% current_engine('reset')
%   Gives up all nets and solvers, and says how many. Where the engine is gone, the next use starts another.

persistent running settings

if nargin > 0 && strcmp(action, 'reset')
  solvers = 0;
  nets = 0;
  if ~isempty(running)
    [solvers, nets] = running.release_all();
    if running.has_ended()
      running = [];
    end
  end
  fprintf('Cleared %d solvers and %d stand-alone nets\n', solvers, nets);
  return
end

if isempty(running)
  started = caffe.internal.Engine();
  if ~isempty(settings)
    for name = fieldnames(settings)'
      started.ask(settings.(name{1}));
    end
  end
  running = started;
end
if nargin > 0
  running.ask(request);
  settings.(request.op) = request;
end
engine = running;

end
