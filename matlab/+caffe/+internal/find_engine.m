function script = find_engine()
% script = find_engine()
%   The engine's program: in CAFFE_TS_HOME, in the package that this file lies in, or in npm's global folder.

home = getenv('CAFFE_TS_HOME');
if ~isempty(home)
  homes = {home};
else
  here = mfilename('fullpath');
  for up = 1:4
    here = fileparts(here);
  end
  homes = {here};
end
tried = cell(1, 0);
while ~isempty(homes)
  script = fullfile(homes{1}, 'bin', 'caffe');
  if is_file(script)
    return
  end
  tried{end + 1} = script;
  homes(1) = [];
  if isempty(home) && isscalar(tried)
    [status, root] = system('npm root -g');
    if status == 0
      homes = {fullfile(strtrim(root), 'caffe-ts')};
    end
  end
end
error('caffe:engine', ['the engine of caffe-ts is not found; looked at %s. Set CAFFE_TS_HOME to the folder of ' ...
  'caffe-ts, or install it with: npm install -g caffe-ts'], strjoin(tried, ', '));

end

function yes = is_file(path)

% exist would also look along the load path.
file = fopen(path, 'r');
yes = file >= 0;
if yes
  fclose(file);
end

end
