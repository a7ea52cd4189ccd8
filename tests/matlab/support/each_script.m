% Runs the scripts of a folder one after the other, each in an empty folder of its own below `place` and with nothing of another's
% variables, nets and solvers. Prints the name of each that comes to its end.
function each_script(folder, place)
  for file = dir(fullfile(folder, '*.m'))'
    own = fullfile(place, file.name(1:end-2));
    mkdir(own);
    cd(own);
    try
      run_alone(fullfile(folder, file.name));
      printf('%s\n', file.name);
    catch problem
      fprintf(stderr, 'error: %s: %s\n', file.name, problem.message);
    end
    evalc('caffe.reset_all()');
  end
end

function run_alone(file)
  source(file);
end
