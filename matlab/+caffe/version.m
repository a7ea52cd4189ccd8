function version_str = version()
% version_str = version()
%   The engine's version.

engine = caffe.internal.current_engine();
version_str = engine.ask(struct('op', 'version'));

end
