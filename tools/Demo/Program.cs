using Mesh.Demo;
using Mesh.Demo.Backend;

// The same program is the demo and, started by it, each of the three backends.
return args is ["backend", .. var rest] ? await BackendServer.RunAsync(rest) : await DemoCommand.RunAsync(args);
