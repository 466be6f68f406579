using System.Reflection;
using Google.Protobuf.Reflection;
using Mesh.XdsClients;

namespace Mesh.Xds.Tests.Protos;

/// <summary>Our subset against the official files, as @grpc/grpc-js-xds brings them along: what we have, they must have in the same form.</summary>
public sealed class OfficialDescriptorTests
{
    private static readonly Lazy<IReadOnlyDictionary<string, FileDescriptorProto>> Official = new(ReadOfficial);

    public static TheoryData<string> Files => [.. OurFiles().Select(file => file.Name).Order()];

    [Fact]
    public void All_files_but_our_own_services_are_compared() => Assert.True(Files.Count >= 20, $"Only {Files.Count} files were found.");

    [Theory]
    [MemberData(nameof(Files))]
    public void Each_file_is_a_part_of_the_official_one(string name)
    {
        XdsClientsFolder.RequireNodePackages();
        var ours = OurFiles().Single(file => file.Name == name);
        Assert.True(Official.Value.TryGetValue(name, out var official), $"There is no official {name}.");

        Assert.Equal(official.Package, ours.Package);
        foreach (var message in ours.MessageTypes)
        {
            Compare(message, official.MessageType.SingleOrDefault(m => m.Name == message.Name));
        }

        foreach (var values in ours.EnumTypes)
        {
            Compare(values, official.EnumType.SingleOrDefault(e => e.Name == values.Name));
        }

        foreach (var service in ours.Services)
        {
            Compare(service, official.Service.SingleOrDefault(s => s.Name == service.Name));
        }
    }

    private static void Compare(MessageDescriptor ours, DescriptorProto? official)
    {
        Assert.True(official is not null, $"There is no official message {ours.FullName}.");
        var proto = ours.ToProto();
        foreach (var field in proto.Field)
        {
            var theirs = official.Field.SingleOrDefault(f => f.Name == field.Name);
            Assert.True(theirs is not null, $"There is no official field {ours.FullName}.{field.Name}.");
            Assert.Equal(Shape(official, theirs), Shape(proto, field));
            Assert.Equal(theirs.JsonName, ours.FindFieldByName(field.Name).JsonName);
        }

        foreach (var nested in ours.NestedTypes.Where(nested => nested.GetOptions()?.MapEntry != true))
        {
            Compare(nested, official.NestedType.SingleOrDefault(m => m.Name == nested.Name));
        }

        foreach (var nested in ours.EnumTypes)
        {
            Compare(nested, official.EnumType.SingleOrDefault(e => e.Name == nested.Name));
        }
    }

    private static void Compare(EnumDescriptor ours, EnumDescriptorProto? official)
    {
        Assert.True(official is not null, $"There is no official enum {ours.FullName}.");
        Assert.Equal(official.Value.Select(v => (v.Name, v.Number)), ours.Values.Select(v => (v.Name, v.Number)));
    }

    private static void Compare(ServiceDescriptor ours, ServiceDescriptorProto? official)
    {
        Assert.True(official is not null, $"There is no official service {ours.FullName}.");
        Assert.Equal(
            official.Method.Select(m => (m.Name, m.InputType, m.OutputType, m.ClientStreaming, m.ServerStreaming)),
            ours.Methods.Select(m => (m.Name, $".{m.InputType.FullName}", $".{m.OutputType.FullName}", m.IsClientStreaming, m.IsServerStreaming)));
    }

    // All that decides what a field looks like on the wire and in JSON.
    private static (string, int, FieldDescriptorProto.Types.Type, FieldDescriptorProto.Types.Label, string, string?, bool) Shape(
        DescriptorProto message, FieldDescriptorProto field) => (
        field.Name,
        field.Number,
        field.Type,
        field.Label,
        field.TypeName,
        field.HasOneofIndex ? message.OneofDecl[field.OneofIndex].Name : null,
        field.Proto3Optional);

    private static IEnumerable<FileDescriptor> OurFiles() => typeof(ResourceType).Assembly.GetTypes()
        .Where(type => type.Name.EndsWith("Reflection", StringComparison.Ordinal))
        .Select(type => type.GetProperty("Descriptor", BindingFlags.Public | BindingFlags.Static)?.GetValue(null))
        .OfType<FileDescriptor>()
        .Where(file => !file.Name.StartsWith("mesh/", StringComparison.Ordinal));

    private static Dictionary<string, FileDescriptorProto> ReadOfficial()
    {
        var tools = typeof(OfficialDescriptorTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "GrpcTools").Value!;
        var platform = OperatingSystem.IsWindows() ? "windows_x64" : OperatingSystem.IsMacOS() ? "macosx_universal"
            : System.Runtime.InteropServices.RuntimeInformation.OSArchitecture == System.Runtime.InteropServices.Architecture.Arm64 ? "linux_arm64" : "linux_x64";
        var protos = Path.Combine(XdsClientsFolder.FullPath, "node_modules", "@grpc", "grpc-js-xds", "deps");
        var work = Directory.CreateTempSubdirectory("mesh-protos-");
        var output = Path.Combine(work.FullName, "set");
        try
        {
            // The validation rules that come along are older than the files that use them by one option. They decide nothing on the wire.
            const string Rules = "message StringRules {";
            var validate = File.ReadAllText(Path.Combine(protos, "protoc-gen-validate", "validate", "validate.proto"));
            work.CreateSubdirectory("validate");
            File.WriteAllText(
                Path.Combine(work.FullName, "validate", "validate.proto"), validate.Replace(Rules, $"{Rules} optional bool ignore_empty = 26;", StringComparison.Ordinal));
            string[] folders = ["envoy-api", "googleapis", "xds"];
            var compiled = XdsClientsFolder.Runs(
                Path.Combine(tools, "tools", platform, OperatingSystem.IsWindows() ? "protoc.exe" : "protoc"),
                [
                    $"--descriptor_set_out={output}",
                    "--include_imports",
                    $"-I{work.FullName}",
                    .. folders.Select(folder => $"-I{Path.Combine(protos, folder)}"),
                    $"-I{Path.Combine(tools, "build", "native", "include")}",
                    .. OurFiles().Select(file => file.Name),
                ]);
            Assert.True(compiled, "protoc could not read the official files.");
            return FileDescriptorSet.Parser.ParseFrom(File.ReadAllBytes(output)).File.ToDictionary(file => file.Name);
        }
        finally
        {
            work.Delete(recursive: true);
        }
    }
}
