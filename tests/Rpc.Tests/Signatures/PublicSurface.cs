using System.Collections.Immutable;
using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace Mesh.Rpc.Tests.Signatures;

/// <summary>
/// What other assemblies can see of one: its public types, and per type the public and protected members with their parameter
/// names and defaults. Read from the file, without loading it, so that an assembly can be compared with its stand-in.
/// </summary>
public sealed class PublicSurface
{
    private static readonly TypeNames Names = new();

    private readonly MetadataReader reader;
    private readonly Dictionary<string, HashSet<string>> types = [];

    private PublicSurface(MetadataReader reader)
    {
        this.reader = reader;
        foreach (var handle in reader.TypeDefinitions)
        {
            if (IsVisible(handle))
            {
                types.Add(Names.GetTypeFromDefinition(reader, handle, 0), [.. Members(handle)]);
            }
        }
    }

    public IReadOnlyDictionary<string, HashSet<string>> Types => types;

    /// <summary>The visible methods by type and name, with their signatures as <see cref="References"/> has them.</summary>
    public List<(string Type, string Name, string Signature)> Declared { get; } = [];

    /// <summary>Methods of other assemblies that this one uses: type, name, signature.</summary>
    public ImmutableArray<(string Type, string Name, string Signature)> References { get; private set; } = [];

    public static PublicSurface Of(string path)
    {
        using var file = new PEReader(ImmutableArray.Create(File.ReadAllBytes(path)));
        var surface = new PublicSurface(file.GetMetadataReader());
        surface.References = [.. surface.Uses()];
        return surface;
    }

    private bool IsVisible(TypeDefinitionHandle handle)
    {
        var type = reader.GetTypeDefinition(handle);
        return (type.Attributes & TypeAttributes.VisibilityMask) switch
        {
            TypeAttributes.Public => true,
            TypeAttributes.NestedPublic or TypeAttributes.NestedFamily or TypeAttributes.NestedFamORAssem => IsVisible(type.GetDeclaringType()),
            _ => false,
        };
    }

    private IEnumerable<string> Members(TypeDefinitionHandle handle)
    {
        var type = reader.GetTypeDefinition(handle);
        var isInterface = type.Attributes.HasFlag(TypeAttributes.Interface);
        yield return $"type {(isInterface ? "interface" : BaseOf(type) ?? "class")}{(type.Attributes.HasFlag(TypeAttributes.Abstract) ? " abstract" : "")}";
        foreach (var methodHandle in type.GetMethods())
        {
            var method = reader.GetMethodDefinition(methodHandle);
            var overrides = method.Attributes.HasFlag(MethodAttributes.Virtual) && !method.Attributes.HasFlag(MethodAttributes.NewSlot);
            if (IsVisible(method.Attributes))
            {
                Declared.Add((Names.GetTypeFromDefinition(reader, handle, 0), reader.GetString(method.Name),
                    Spell(method.DecodeSignature(Names, null))));
            }
            if (IsVisible(method.Attributes) && !overrides)
            {
                yield return Describe(method);
            }
        }
        foreach (var fieldHandle in type.GetFields())
        {
            var field = reader.GetFieldDefinition(fieldHandle);
            if (IsVisible((MethodAttributes)(field.Attributes & FieldAttributes.FieldAccessMask))
                && !field.Attributes.HasFlag(FieldAttributes.SpecialName))
            {
                yield return $"field {reader.GetString(field.Name)}: {field.DecodeSignature(Names, null)}{Constant(field.GetDefaultValue())}";
            }
        }
    }

    private static bool IsVisible(MethodAttributes attributes) =>
        (attributes & MethodAttributes.MemberAccessMask) is MethodAttributes.Public or MethodAttributes.Family or MethodAttributes.FamORAssem;

    /// <summary>Structs, enums and delegates are told apart by their base; other bases are implementation.</summary>
    private string? BaseOf(TypeDefinition type)
    {
        var name = type.BaseType.Kind == HandleKind.TypeReference
            ? Names.GetTypeFromReference(reader, (TypeReferenceHandle)type.BaseType, 0)
            : null;
        return name is "System.ValueType" or "System.Enum" or "System.MulticastDelegate" or "System.Exception" or "System.Attribute" ? name : null;
    }

    private string Describe(MethodDefinition method)
    {
        var signature = method.DecodeSignature(Names, null);
        var parameters = new string[signature.ParameterTypes.Length];
        foreach (var handle in method.GetParameters())
        {
            var parameter = reader.GetParameter(handle);
            if (parameter.SequenceNumber > 0)
            {
                var optional = parameter.Attributes.HasFlag(ParameterAttributes.Optional) ? " = optional" : "";
                parameters[parameter.SequenceNumber - 1] =
                    $"{signature.ParameterTypes[parameter.SequenceNumber - 1]} {reader.GetString(parameter.Name)}{optional}";
            }
        }
        var flags = method.Attributes;
        var kind = flags.HasFlag(MethodAttributes.Static) ? "static "
            : flags.HasFlag(MethodAttributes.Abstract) ? "abstract "
            : flags.HasFlag(MethodAttributes.Virtual) && !flags.HasFlag(MethodAttributes.Final) ? "virtual " : "";
        var access = (flags & MethodAttributes.MemberAccessMask) == MethodAttributes.Public ? "public" : "protected";
        return $"{access} {kind}{reader.GetString(method.Name)}`{signature.GenericParameterCount}({string.Join(", ", parameters)}): {signature.ReturnType}";
    }

    private string Constant(ConstantHandle handle)
    {
        if (handle.IsNil)
        {
            return "";
        }
        var constant = reader.GetConstant(handle);
        return $" = {reader.GetBlobReader(constant.Value).ReadConstant(constant.TypeCode)}";
    }

    private IEnumerable<(string Type, string Name, string Signature)> Uses()
    {
        foreach (var handle in reader.MemberReferences)
        {
            var member = reader.GetMemberReference(handle);
            if (member.GetKind() != MemberReferenceKind.Method)
            {
                continue;
            }
            var type = member.Parent.Kind switch
            {
                HandleKind.TypeReference => Names.GetTypeFromReference(reader, (TypeReferenceHandle)member.Parent, 0),
                HandleKind.TypeSpecification => Names.GetTypeFromSpecification(reader, null, (TypeSpecificationHandle)member.Parent, 0),
                _ => "",
            };
            yield return (type.Split('<')[0], reader.GetString(member.Name), Spell(member.DecodeMethodSignature(Names, null)));
        }
    }

    private static string Spell(MethodSignature<string> signature) =>
        $"({string.Join(", ", signature.ParameterTypes)}): {signature.ReturnType}";
}
