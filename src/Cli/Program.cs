using Mesh.Cli;

return await Meshctl.RunAsync(args, Terminal.OfThisProcess(), TimeProvider.System);
